# A session that needs every function that a suite of `ordinal conform` calls (tests/conform/main.rs).

# Quantities: defaults and limits, a quota that counts, a rounded claim, sorting.
cat > quota.yaml <<'END'
apiVersion: v1
kind: ResourceQuota
metadata:
  name: most
spec:
  hard: {requests.cpu: "2", limits.memory: 1.5Gi, persistentvolumeclaims: "3", requests.storage: 10Gi}
---
apiVersion: v1
kind: LimitRange
metadata:
  name: range
spec:
  limits:
  - type: Container
    default: {cpu: 500m, memory: 64Mi}
    defaultRequest: {cpu: 0.25, memory: " 32Mi"}
    maxLimitRequestRatio: {cpu: 3}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1.5Gi}}
---
apiVersion: v1
kind: Pod
metadata:
  name: knows
spec:
  containers:
  - name: pause
    image: registry.k8s.io/pause:3.10
    env:
    - name: CPU
      valueFrom: {resourceFieldRef: {resource: limits.cpu}}
END
kubectl apply -f quota.yaml
kubectl run asks --image=nginx
kubectl describe quota most
kubectl describe limits range
kubectl describe pod knows
kubectl wait --for=condition=Ready pod/asks
kubectl describe nodes
kubectl get pvc --sort-by=.spec.resources.requests.storage

# Selectors, and ages of objects of any age.
kubectl create deployment web --image=nginx --replicas=2
kubectl wait --for=condition=Available deployment/web
kubectl wait --for=jsonpath='{.status.readyReplicas}'=2 deployment/web
kubectl get pods -l 'app in (web),!gone'
kubectl get pods --field-selector 'metadata.name!=x\,y,status.phase=Running'
kubectl get pods --field-selector 'metadata.name=asks'
kubectl get pods --field-selector 'metadata.name'
kubectl create poddisruptionbudget web --selector=app=web --min-available=50%
kubectl patch deployment web -p '{"spec":{"strategy":{"rollingUpdate":{"maxSurge":"50%","maxUnavailable":0}}}}'
kubectl set image deployment/web nginx=nginx:1.27
kubectl rollout status deployment/web
kubectl expose deployment web --port=80 --target-port=http
kubectl describe deployment web

# Patches, faults, and what kubectl sends.
kubectl patch deployment web --type=merge -p '{"spec":{"replicas":1}}'
kubectl apply -f quota.yaml
kubectl create quota wrong --hard=cpu=-1
kubectl run Wrong --image=

# Labels, taints, files of variables.
kubectl label pod asks tier=a
kubectl label pod asks tier=b
kubectl taint node node-1 a=b:PreferNoSchedule
kubectl taint node node-1 a=c:PreferNoSchedule
kubectl taint node node-1 a-
printf 'A=1\n# none\n' > variables
kubectl create configmap variables --from-env-file=variables

# Every way of printing.
kubectl get pods -o jsonpath='{.items[*].metadata.name}'
kubectl get pods -o go-template='{{range .items}}{{.metadata.name}}{{end}}'
kubectl get pods -o custom-columns=NAME:metadata.name
printf 'NAME\nmetadata.name\n' > columns
kubectl get pods -o custom-columns-file=columns
kubectl get pods --sort-by=.metadata.name
timeout 1 kubectl get pods --watch --output-watch-events
# Controllers: rollouts that work, stick, change their size and are recreated; a set with its claims' owners; schedules; a claim
# that names its volume.
kubectl create deployment shop --image=nginx:1.24 --replicas=3 --port=80
kubectl expose deployment shop
kubectl rollout status deployment/shop
kubectl set image deployment/shop nginx=nginx:1.25
kubectl rollout status deployment/shop
kubectl rollout pause deployment/shop
kubectl rollout resume deployment/shop
kubectl set image deployment/shop nginx=broken:1
sleep 30
kubectl scale deployment shop --replicas=6
sleep 30
kubectl rollout undo deployment/shop
kubectl patch deployment shop -p '{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}}'
kubectl set image deployment/shop nginx=nginx:1.24
kubectl rollout status deployment/shop
cat > controllers.yaml <<'END'
apiVersion: v1
kind: PersistentVolume
metadata:
  name: kept
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  storageClassName: manual
  hostPath: {path: /tmp/kept}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: keeps
spec:
  storageClassName: manual
  volumeName: kept
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: set
spec:
  serviceName: shop
  replicas: 2
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Delete}
  selector: {matchLabels: {app: set}}
  template:
    metadata: {labels: {app: set}}
    spec:
      containers: [{name: c, image: nginx, volumeMounts: [{name: own, mountPath: /own}]}]
  volumeClaimTemplates:
  - metadata: {name: own}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: everywhere
spec:
  selector: {matchLabels: {app: everywhere}}
  template:
    metadata: {labels: {app: everywhere}}
    spec:
      containers: [{name: c, image: registry.k8s.io/pause:3.10}]
END
kubectl delete quota most
kubectl delete limits range
kubectl apply -f controllers.yaml
kubectl rollout status statefulset/set
kubectl rollout status daemonset/everywhere
kubectl delete pod set-0
kubectl rollout status statefulset/set
kubectl scale statefulset set --replicas=1
kubectl create cronjob tick --image=busybox --schedule='* * * * *' -- date
sleep 130
kubectl delete statefulset set

# Placement: hosts of one's own, replicas that spread, a claim, and a pod that others have to make room for.
cat > crowd.yaml <<'END'
apiVersion: v1
kind: Namespace
metadata:
  name: crowd
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata:
  name: first
value: 1000
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
  namespace: crowd
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: many
  namespace: crowd
spec:
  replicas: 4
  selector: {matchLabels: {app: many}}
  template:
    metadata: {labels: {app: many}}
    spec:
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
          - {labelSelector: {matchLabels: {app: many}}, topologyKey: kubernetes.io/hostname}
      topologySpreadConstraints:
      - maxSkew: 1
        topologyKey: kubernetes.io/hostname
        whenUnsatisfiable: DoNotSchedule
        labelSelector: {matchLabels: {app: many}}
      containers:
      - name: pause
        image: registry.k8s.io/pause:3.10
        resources: {requests: {cpu: 1500m}}
END
kubectl apply -f crowd.yaml
kubectl wait --for=condition=Available -n crowd deployment/many
kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: first
  namespace: crowd
spec:
  priorityClassName: first
  volumes:
  - {name: data, persistentVolumeClaim: {claimName: data}}
  containers:
  - name: pause
    image: registry.k8s.io/pause:3.10
    resources: {requests: {cpu: 1500m}}
END
kubectl wait --for=condition=Ready -n crowd pod/first

# Disruption: a share of a Deployment's pods must stay, and a pod is evicted. A container that fails again and again.
kubectl create poddisruptionbudget shop --selector=app=shop --min-available=10%
kubectl run fails --image=busybox --restart=Always -- false
sleep 30
kubectl drain node-4 --ignore-daemonsets --delete-emptydir-data --force --pod-selector=app=shop
kubectl uncordon node-4
