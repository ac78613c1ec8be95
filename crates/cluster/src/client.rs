//! The cluster as a user's client sees it: the API server, and through it the kubelets.

use api::table::Table;
use api::{Key, Kind, Object, Status, Str, Value};
use client::{
    Access, Api, Change, DeleteOptions, ExecRequest, Forward, ForwardError, ForwardNews, ForwardRequest, LocalServer,
    LogOptions, LogRead, NodeProxy, Patch, PortInUse, SessionId, SessionOutput, User, WebAnswer, WebRequest,
    WriteOptions, Written,
};
use cri::Address;
use kube_apiserver::ServerClient;
use sim::Time;

use crate::Cluster;

/// A client of the cluster at the present instant. Watchers are told of its writes.
#[derive(Debug)]
pub struct ClusterClient<'a> {
    pub(crate) cluster: &'a mut Cluster,
    pub(crate) manager: &'a str,
    /// In whose name requests are made.
    pub(crate) user: Option<User>,
}

impl Cluster {
    /// One object as a client reads it now.
    ///
    /// # Errors
    /// If there is none.
    pub fn object(&self, kind: Kind, key: &Key) -> Result<Object, Status> {
        let found = self.server.object(kind, key).cloned();
        found.map(|object| self.server.as_of(object, self.now())).ok_or_else(|| Status::not_found(kind, &key.name))
    }

    /// All objects of a kind as a client reads them now, of one namespace or of all, by namespace and name.
    pub fn objects(&self, kind: Kind, namespace: Option<&str>) -> Vec<Object> {
        let all = self.server.list(kind, namespace);
        all.into_iter().map(|object| self.server.as_of(object, self.now())).collect()
    }
}

impl ClusterClient<'_> {
    /// One request that may write.
    fn write<T>(&mut self, request: impl FnOnce(&mut ServerClient<'_>) -> T) -> T {
        let now = self.cluster.now();
        let mut client = self.cluster.server.client(self.manager, now);
        client.impersonate(self.user.clone());
        let answer = request(&mut client);
        self.cluster.tell_watchers();
        answer
    }
}

impl Api for ClusterClient<'_> {
    fn now(&self) -> Time {
        self.cluster.now()
    }

    fn get(&self, kind: Kind, key: &Key) -> Result<Object, Status> {
        self.authorize(&Access::to("get", kind, key))?;
        self.cluster.object(kind, key)
    }

    fn list(&self, kind: Kind, namespace: Option<&str>) -> Vec<Object> {
        self.cluster.objects(kind, namespace)
    }

    fn revision(&self) -> u64 {
        self.cluster.server.revision()
    }

    fn changes(&self, kind: Kind, after: u64, until: Time) -> Result<&[Change], Status> {
        self.cluster.server.changes(kind, after, until)
    }

    fn create(&mut self, object: Object) -> Result<Object, Status> {
        self.write(|server| server.create(object))
    }

    fn update(&mut self, object: Object) -> Result<Object, Status> {
        self.write(|server| server.update(object))
    }

    fn update_status(&mut self, object: Object) -> Result<Object, Status> {
        self.write(|server| server.update_status(object))
    }

    fn delete(&mut self, kind: Kind, key: &Key, options: &DeleteOptions) -> Result<Object, Status> {
        self.write(|server| server.delete(kind, key, options))
    }

    fn bind(&mut self, pod: &Key, uid: &str, node: &Str) -> Result<Object, Status> {
        self.write(|server| server.bind(pod, uid, node))
    }

    fn create_value(
        &mut self,
        kind: Kind,
        namespace: &str,
        body: Value,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        self.write(|server| server.create_value(kind, namespace, body, options))
    }

    fn update_value(&mut self, kind: Kind, key: &Key, body: Value, options: &WriteOptions) -> Result<Written, Status> {
        self.write(|server| server.update_value(kind, key, body, options))
    }

    fn patch(&mut self, kind: Kind, key: &Key, patch: &Patch, options: &WriteOptions) -> Result<Written, Status> {
        self.write(|server| server.patch(kind, key, patch, options))
    }

    fn evict(&mut self, pod: &Key, options: &DeleteOptions) -> Result<(), Status> {
        self.write(|server| server.evict(pod, options))
    }

    fn impersonate(&mut self, user: Option<User>) {
        self.user = user;
    }

    fn authorize(&self, access: &Access) -> Result<(), Status> {
        self.user.as_ref().map_or(Ok(()), |user| self.cluster.server.authorize(user, access))
    }

    fn rules_of(&self, user: &User, namespace: &str) -> Vec<Value> {
        self.cluster.server.rules_of(user, namespace)
    }

    fn table(&self, kind: Kind, objects: &[Object]) -> Table {
        self.cluster.server.table(kind, objects, self.now())
    }
}

impl NodeProxy for ClusterClient<'_> {
    fn exec(&mut self, request: &ExecRequest) -> Result<SessionId, Status> {
        let part = if request.command.is_empty() { "attach" } else { "exec" };
        self.authorize(&Access::to("create", Kind::Pod, &request.pod).part(part))?;
        let now = self.cluster.now();
        let Cluster { server, kubelets, .. } = &mut *self.cluster;
        let session = kubelets.exec(request, &server.client(self.manager, now));
        self.cluster.carry_packets();
        session
    }

    fn session_write(&mut self, session: SessionId, input: &[u8]) {
        self.cluster.kubelets.session_write(session, input);
        self.cluster.carry_packets();
    }

    fn session_close_stdin(&mut self, session: SessionId) {
        self.cluster.kubelets.session_close_stdin(session);
        self.cluster.carry_packets();
    }

    fn session_interrupt(&mut self, session: SessionId) {
        self.cluster.kubelets.session_interrupt(session);
        self.cluster.carry_packets();
    }

    fn session_read(&mut self, session: SessionId) -> SessionOutput {
        self.cluster.kubelets.session_read(session)
    }

    fn session_close(&mut self, session: SessionId) {
        self.cluster.kubelets.session_close(session);
        self.cluster.carry_packets();
    }

    fn logs(&self, pod: &Key, options: &LogOptions) -> Result<LogRead, Status> {
        self.authorize(&Access::to("get", Kind::Pod, pod).part("log"))?;
        let object = self.cluster.object(Kind::Pod, pod)?;
        self.cluster.kubelets.logs(&object, options)
    }

    fn forward_open(&mut self, request: &ForwardRequest) -> Result<Forward, ForwardError> {
        let access = Access::to("create", Kind::Pod, &request.pod).part("portforward");
        self.authorize(&access).map_err(ForwardError::Status)?;
        let pod = self.cluster.object(Kind::Pod, &request.pod).map_err(ForwardError::Status)?;
        let ip = match &pod {
            Object::Pod(pod) => pod.status.pod_ip.parse().ok(),
            _ => None,
        };
        let Some(ip) = ip else {
            return Err(ForwardError::Status(Status::bad_request("the pod has no address yet")));
        };
        self.cluster.outside.open(request.local, Address::new(ip, request.remote))
    }

    fn forward_read(&mut self, local: u16) -> ForwardNews {
        self.cluster.outside.read(local)
    }

    fn forward_close(&mut self, local: u16) {
        self.cluster.outside.close(local);
    }
}

impl LocalServer for ClusterClient<'_> {
    fn serve_open(&mut self, port: u16) -> Result<u16, PortInUse> {
        self.cluster.outside.listen(port)
    }

    fn serve_read(&mut self, port: u16) -> Option<WebRequest> {
        self.cluster.outside.hear(port)
    }

    fn serve_answer(&mut self, port: u16, request: &WebRequest, answer: &WebAnswer) {
        self.cluster.outside.answer(port, request, answer);
        self.cluster.carry_packets();
    }

    fn serve_close(&mut self, port: u16) {
        self.cluster.outside.stop_listening(port);
        self.cluster.carry_packets();
    }
}
