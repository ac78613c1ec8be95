# More than a thousand writes, and trouble in them. Commands that fail here fail in every run.
kubectl apply -f web.yaml
kubectl rollout status sts/web
kubectl scale sts web --replicas=12
kubectl apply -f - <<'EOF'
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: crowd
spec:
  serviceName: nginx
  podManagementPolicy: Parallel
  replicas: 30
  selector:
    matchLabels: {app: crowd}
  template:
    metadata:
      labels: {app: crowd}
    spec:
      containers:
      - name: nginx
        image: registry.k8s.io/nginx-slim:0.8
        ports: [{containerPort: 80, name: web}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: unlucky
spec:
  serviceName: nginx
  podManagementPolicy: Parallel
  replicas: 4
  selector:
    matchLabels: {app: unlucky}
  template:
    metadata:
      labels: {app: unlucky}
    spec:
      containers:
      - name: main
        image: crash
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: crowd
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {app: crowd}
EOF
sleep 20
kubectl delete pod crowd-3 crowd-7 web-1 --wait=false
kubectl delete pod crowd-4 crowd-5 --force --grace-period=0
kubectl cordon node-2
kubectl set image sts/crowd nginx=registry.k8s.io/nginx-slim:0.7
sleep 10
kubectl delete pod -l app=crowd --wait=false
sleep 1
kubectl delete pod -l app=crowd --force --grace-period=0
sleep 30
kubectl delete node node-3
kubectl scale sts crowd --replicas=45
kubectl patch sts web -p '{"spec":{"template":{"spec":{"containers":[{"name":"nginx","image":"broken"}]}}}}'
sleep 60
kubectl rollout undo sts/web
kubectl delete pod web-11
kubectl uncordon node-2
for i in 0 1 2 3 4 5 6 7 8 9; do
  kubectl label pod crowd-$i round=$i
  kubectl annotate pod crowd-$i note="pod $i" --overwrite
  kubectl exec crowd-$i -- sh -c 'hostname > /tmp/name; cat /tmp/name'
  kubectl create configmap c-$i --from-literal=n=$i
done
kubectl patch sts crowd --type=json -p='[{"op":"replace","path":"/spec/replicas","value":8}]'
kubectl run slow --image=slowstop --restart=Never
kubectl run done --image=job --restart=Never
kubectl run failed --image=job-fail --restart=Never
sleep 15
kubectl delete pod slow done failed --wait=false
kubectl delete sts web --cascade=orphan
kubectl delete pod web-0 --wait=false
kubectl apply -f web.yaml
sleep 40
kubectl delete pvc www-web-5 --wait=false
kubectl delete pod web-5 --wait=false
kubectl create namespace apart
kubectl -n apart apply -f web.yaml
sleep 20
kubectl delete namespace apart --wait=false
kubectl delete sts crowd unlucky
kubectl get pods,pvc,events -A
