//! Who asks, and what for.
//!
//! Models: kubernetes v1.36 apiserver/pkg/authentication/user, apiserver/pkg/authorization/authorizer (Attributes).

use ::api::{Key, Kind, Str};

/// Everybody who has said who they are.
const AUTHENTICATED: &str = "system:authenticated";
/// Who has not.
const ANONYMOUS: (&str, &str) = ("system:anonymous", "system:unauthenticated");

/// Somebody who asks the server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct User {
    /// `jane`, `system:serviceaccount:default:builder`
    pub name: Str,
    /// May be empty.
    pub uid: Str,
    /// Such as `system:authenticated`.
    pub groups: Vec<Str>,
    /// More about the user, which no rule looks at.
    pub extra: Vec<(Str, Vec<Str>)>,
}

impl User {
    /// The user of this name, with the groups that the server adds to those that were asked for.
    ///
    /// Models: apiserver/pkg/endpoints/filters/impersonation.
    pub fn impersonated(name: &str, groups: Vec<Str>) -> User {
        let mut groups = groups;
        if groups.is_empty()
            && let Some((namespace, _)) = service_account(name)
        {
            groups = vec!["system:serviceaccounts".into(), format!("system:serviceaccounts:{namespace}").into()];
        }
        let everybody = if name == ANONYMOUS.0 { ANONYMOUS.1 } else { AUTHENTICATED };
        if !groups.iter().any(|group| group == AUTHENTICATED || group == ANONYMOUS.1) {
            groups.push(everybody.into());
        }
        User { name: name.into(), groups, ..User::default() }
    }

    /// Whether the user is of a group.
    pub fn is_of(&self, group: &str) -> bool {
        self.groups.iter().any(|own| own == group)
    }
}

/// Namespace and name of the service account that a user's name means.
pub fn service_account(user: &str) -> Option<(&str, &str)> {
    user.strip_prefix("system:serviceaccount:")?.split_once(':')
}

/// One thing that somebody wants to do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Access {
    /// `get`, `list`, `create`, …
    pub verb: Str,
    /// API group; "" for the core group.
    pub group: Str,
    /// `pods`
    pub resource: Str,
    /// `log`; "" for the object itself.
    pub subresource: Str,
    /// "" at the cluster scope.
    pub namespace: Str,
    /// "" for all, and for new objects.
    pub name: Str,
    /// `/healthz`, for what is no resource; "" for resources.
    pub path: Str,
}

impl Access {
    /// A verb on one object, or with an empty name on all of a namespace.
    pub fn to(verb: &str, kind: Kind, key: &Key) -> Access {
        // The path of a namespace is that of what lies in it.
        let namespace = if kind == Kind::Namespace { key.name.clone() } else { key.namespace.clone() };
        Access {
            verb: verb.into(),
            group: kind.group().into(),
            resource: kind.plural().into(),
            namespace,
            name: key.name.clone(),
            ..Access::default()
        }
    }

    /// A verb on all objects of a namespace, or of all namespaces.
    pub fn to_all(verb: &str, kind: Kind, namespace: Option<&str>) -> Access {
        Access::to(verb, kind, &Key::new(namespace.unwrap_or(""), ""))
    }

    /// A verb on what is no resource.
    pub fn to_path(verb: &str, path: &str) -> Access {
        Access { verb: verb.into(), path: path.into(), ..Access::default() }
    }

    /// The same on a part of the object.
    pub fn part(self, subresource: &str) -> Access {
        Access { subresource: subresource.into(), ..self }
    }
}
