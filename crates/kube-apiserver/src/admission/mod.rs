//! What the server adds to a request, or refuses it for.
//!
//! Models: kubernetes v1.36 plugin/pkg/admission (NamespaceLifecycle, ServiceAccount, Priority, DefaultTolerationSeconds,
//! DefaultStorageClass, StorageObjectInUseProtection, LimitRanger, RuntimeClass, PodSecurity, ResourceQuota).

mod limits;
mod pod;
pub(crate) mod pod_security;
pub(crate) mod quota;
mod runtime_class;
mod service;
mod volume;

pub(crate) use pod::{PodDefaults, SYSTEM_CLASSES};
pub(crate) use service::health_port;

use std::rc::Rc;

use api::{FieldError, Key, Kind, Object, Status, Str};

use crate::{ApiServer, registry};

/// Namespaced objects need a namespace that lives.
pub(crate) fn namespace_lifecycle(server: &ApiServer, object: &Object) -> Result<(), Status> {
    let (kind, metadata) = (object.kind(), object.metadata());
    if !kind.is_namespaced() {
        return Ok(());
    }
    let Some(Object::Namespace(namespace)) =
        server.etcd.get(Kind::Namespace, &Key::new("", metadata.namespace.clone()))
    else {
        return Err(Status::not_found(Kind::Namespace, &metadata.namespace));
    };
    if namespace.metadata.is_terminating() && kind != Kind::Event {
        let cause =
            format!("unable to create new content in namespace {} because it is being terminated", metadata.namespace);
        return Err(Status::forbidden(kind, &metadata.name, &cause));
    }
    Ok(())
}

/// Completes a new object, and refuses one that the limits of its namespace do not allow.
pub(crate) fn mutate(server: &mut ApiServer, object: &mut Object) -> Result<(), Status> {
    limits::complete(server, object);
    complete(server, object)?;
    limits::check(server, object)
}

fn complete(server: &mut ApiServer, object: &mut Object) -> Result<(), Status> {
    match object {
        Object::Pod(pod) => {
            let pod = Rc::make_mut(pod);
            pod::admit(server, pod)?;
            runtime_class::admit(server, pod)
        }
        Object::PriorityClass(class) => pod::admit_class(server, class),
        Object::Service(service) => service::allocate(server, Rc::make_mut(service)),
        Object::PersistentVolumeClaim(claim) => {
            volume::admit_claim(server, Rc::make_mut(claim));
            Ok(())
        }
        Object::PersistentVolume(volume) => {
            volume::protect(&mut Rc::make_mut(volume).metadata, volume::PV_PROTECTION);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Completes a changed object, or refuses the change.
pub(crate) fn mutate_update(server: &mut ApiServer, object: &mut Object, old: &Object) -> Result<(), Status> {
    if registry::is_resized(object, old) {
        limits::check(server, object)?;
    }
    match (object, old) {
        (Object::PriorityClass(class), _) => pod::admit_class(server, class),
        (Object::Service(service), Object::Service(old)) => service::reallocate(server, Rc::make_mut(service), old),
        (Object::PersistentVolumeClaim(claim), Object::PersistentVolumeClaim(old)) => {
            volume::check_expansion(server, claim, old)
        }
        _ => Ok(()),
    }
}

/// An object that is going takes no new finalizers.
pub(crate) fn check_finalizers(object: &Object, old: &Object) -> Result<(), Status> {
    if !old.metadata().is_terminating() {
        return Ok(());
    }
    let known = &old.metadata().finalizers;
    let new: Vec<&Str> = object.metadata().finalizers.iter().filter(|name| !known.contains(name)).collect();
    if new.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = new.iter().map(|name| format!("{name:?}")).collect();
    let detail = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        list.join(", ")
    );
    let error = FieldError::forbidden("metadata.finalizers", detail);
    Err(Status::invalid(object.kind(), &object.metadata().name, &[error]))
}
