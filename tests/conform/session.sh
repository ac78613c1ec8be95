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
