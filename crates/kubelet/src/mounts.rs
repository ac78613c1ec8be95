//! Volumes of pods: where their bytes are, and where containers see them.
//!
//! Bytes of a PersistentVolume live under `pv/NAME` and survive pods, sets and nodes; they go with the PersistentVolume object.
//! What belongs to one pod lives under `pod/UID/` and goes with the pod; a node's folders live under `host/NODE/`.
//!
//! Rights: a directory that the provisioner of class `standard` has made is root's, mode 0700 (its umask is 077), so that
//! nginx's workers answer 403 until somebody opens it, as the tutorial says of hostPath volumes. Volumes made otherwise are 0755,
//! emptyDir is 0777, as the kubelet makes them.
//!
//! Difference that was chosen: without `fsGroupChangePolicy` a volume that has its group already stays as it is, as with
//! `OnRootMismatch`; the real default walks the whole volume at each mount and lets the group write what programs have made.
//!
//! Models: kubernetes v1.36 pkg/volume (configmap, secret, projected, downwardapi, emptydir, hostpath), seen from inside.

use ordered::OrderedMap;
use std::rc::Rc;

use api::core::config::{ConfigMap, Secret};
use api::core::pod::API_ACCESS_MOUNT_PATH;
use api::core::volume::{KeyToPath, Volume};
use api::text::base64;
use api::{Key, Kind, Object, PersistentVolumeClaim, Pod, Str, Value};
use client::Api;
use cri::{Access, Mount};
use cri::{Caller, Fs, Tree, normalise};
use sim::Time;
use thin::format_str;

use crate::kubelets::Kubelets;
use crate::worker::PodWorker;

const PROVISIONER: &str = "k8s.io/minikube-hostpath";
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";
/// Bytes that one volume of a ConfigMap, Secret or projection may hold.
const CONFIG_BYTES_MAX: u64 = 4 << 20;

/// Why a pod's volumes are not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MountError {
    /// They may come: a claim is not bound.
    NotYet,
    /// Something is missing; the text is the event's.
    Failed(Str),
}

/// The key of a PersistentVolume's bytes.
pub(crate) fn volume_key(name: &str) -> String {
    format!("pv/{name}")
}

/// What the keys of a pod's own volumes start with.
pub(crate) fn pod_prefix(pod: &Pod) -> String {
    format!("pod/{}/", pod.metadata.uid)
}

impl Kubelets {
    /// Makes a pod's volumes ready.
    pub(crate) fn mount_volumes(&mut self, slot: u32, worker: &mut PodWorker, api: &dyn Api) -> Result<(), MountError> {
        let pod = worker.pod.clone();
        for key in sources_of(&pod) {
            self.users.insert((key, slot));
        }
        worker.volumes.clear();
        for volume in &pod.spec.volumes {
            let key = self.mount_volume(&pod, volume, api)?;
            worker.volumes.push(key);
        }
        if !pod.spec.api_access.is_empty() {
            self.mount_account(&pod);
        }
        Ok(())
    }

    fn mount_volume(&mut self, pod: &Pod, volume: &Volume, api: &dyn Api) -> Result<Str, MountError> {
        let key = volume_of(pod, volume, api)?;
        if !self.volumes.contains(&key) {
            let tree = match source_tree(pod, volume, api).map_err(|why| failed(volume, &why))? {
                Some(tree) => tree,
                None => self.shares.empty_tree(root_mode(volume, &key, api)),
            };
            self.volumes.insert(key.clone(), tree);
        }
        if let Some(tree) = self.volumes.get_mut(&key).filter(|_| volume.host_path.is_none()) {
            give_to_group(tree, pod);
        }
        Ok(key.into())
    }

    /// Mounts ConfigMaps and Secrets as they are now. What is gone stays as it was last seen. Difference that was chosen: a file
    /// that is mounted by its `subPath` is refreshed, too.
    pub(crate) fn remount_sources(&mut self, worker: &PodWorker, api: &dyn Api) {
        for volume in &worker.pod.spec.volumes {
            if let Ok(Some(tree)) = source_tree(&worker.pod, volume, api) {
                self.volumes.insert(own_key(&worker.pod, volume), tree);
            }
        }
    }

    fn mount_account(&mut self, pod: &Pod) {
        let key = account_key(pod);
        if self.volumes.contains(&key) {
            return;
        }
        let mut tree = Tree::new(CONFIG_BYTES_MAX);
        let token = crate::text::digest(&key);
        let ca = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
        place(&mut tree, "token", token.as_bytes(), 0o644);
        place(&mut tree, "ca.crt", ca.as_bytes(), 0o644);
        place(&mut tree, "namespace", pod.metadata.namespace.as_bytes(), 0o644);
        self.volumes.insert(key, tree);
    }

    /// Where a container's volumes appear.
    pub(crate) fn mounts_of(&mut self, worker: &mut PodWorker, at: usize) -> Rc<[Mount]> {
        if let Some(mounts) = &worker.containers[at].mounts {
            return mounts.clone();
        }
        let pod = &worker.pod;
        let mut mounts = Vec::new();
        for mount in &worker.container(at).volume_mounts {
            let Some(place) = pod.spec.volumes.iter().position(|volume| volume.name == mount.name) else { continue };
            let Some(key) = worker.volumes.get(place) else { continue };
            let read_only = mount.read_only || is_read_only(&pod.spec.volumes[place]);
            mounts.push(Mount {
                path: normalise("/", &mount.mount_path).into(),
                volume: key.clone(),
                sub_path: normalise("/", &mount.sub_path).into(),
                access: if read_only { Access::ReadOnly } else { Access::ReadWrite },
            });
        }
        // What is added to a pod that runs does not get its account's token.
        if !pod.spec.api_access.is_empty() && !worker.is_ephemeral(at) {
            let (path, volume) = (API_ACCESS_MOUNT_PATH.into(), account_key(pod).into());
            mounts.push(Mount { path, volume, sub_path: "/".into(), access: Access::ReadOnly });
        }
        let mounts = self.shares.mounts(mounts);
        worker.containers[at].mounts = Some(mounts.clone());
        mounts
    }
}

/// `fsGroup`: what a volume holds belongs to that group.
fn give_to_group(tree: &mut Tree, pod: &Pod) {
    let Some(gid) = crate::spawn::fs_group(pod) else { return };
    let always =
        (pod.spec.security_context.as_ref()).is_some_and(|c| c.rest.get("fsGroupChangePolicy").text() == "Always");
    let root = tree.stat("/", Caller::root(Time::HEADLESS_START));
    let is_given = root.is_ok_and(|root| root.gid == gid && root.mode & 0o2770 == 0o2770);
    if !is_given || always {
        tree.give_to_group(gid);
    }
}

fn claim_key(pod: &Pod, volume: &Volume) -> Option<Key> {
    let claim = volume.persistent_volume_claim.as_ref()?;
    Some(Key::new(pod.metadata.namespace.clone(), claim.claim_name.clone()))
}

fn own_key(pod: &Pod, volume: &Volume) -> String {
    match &volume.host_path {
        Some(path) => format!("host/{}{}", pod.spec.node_name, path.get("path").text()),
        None => format!("{}{}", pod_prefix(pod), volume.name),
    }
}

/// The ConfigMaps and Secrets that are mounted into a pod, by name.
pub(crate) fn sources_of(pod: &Pod) -> Vec<Key> {
    let mut names: Vec<Str> = Vec::new();
    for volume in &pod.spec.volumes {
        names.extend(volume.config_map.iter().map(|source| source.name.clone()));
        names.extend(volume.secret.iter().map(|source| source.secret_name.clone()));
        for part in volume.projected.iter().flat_map(|source| source.get("sources").as_list()) {
            let inner = ["configMap", "secret"].map(|kind| part.at(&[kind, "name"]).text());
            names.extend(inner.into_iter().filter(|name| !name.is_empty()).map(Str::from));
        }
    }
    names.into_iter().map(|name| Key::new(pod.metadata.namespace.clone(), name)).collect()
}

fn account_key(pod: &Pod) -> String {
    format!("account/{}/{}", pod.metadata.namespace, pod.spec.service_account_name)
}

/// The key of a volume's bytes, once it is known.
fn volume_of(pod: &Pod, volume: &Volume, api: &dyn Api) -> Result<String, MountError> {
    let Some(key) = claim_key(pod, volume) else { return Ok(own_key(pod, volume)) };
    let claim: Rc<PersistentVolumeClaim> = api.get_as(&key).map_err(|_| MountError::NotYet)?;
    if claim.status.phase != "Bound" || claim.spec.volume_name.is_empty() {
        return Err(MountError::NotYet);
    }
    Ok(volume_key(&claim.spec.volume_name))
}

fn failed(volume: &Volume, why: &str) -> MountError {
    MountError::Failed(format_str!("MountVolume.SetUp failed for volume \"{}\" : {why}", volume.name))
}

/// The mode of a new volume's root directory; see the module.
fn root_mode(volume: &Volume, key: &str, api: &dyn Api) -> u32 {
    if volume.empty_dir.is_some() {
        return 0o777;
    }
    let Some(name) = key.strip_prefix("pv/") else { return 0o755 };
    match api.get(Kind::PersistentVolume, &Key::new("", name)) {
        Ok(object) if object.metadata().annotations.get(PROVISIONED_BY) == Some(PROVISIONER) => 0o700,
        Ok(_) | Err(_) => 0o755,
    }
}

fn is_read_only(volume: &Volume) -> bool {
    let is_config = volume.config_map.is_some() || volume.secret.is_some() || volume.projected.is_some();
    is_config
        || volume.downward_api.is_some()
        || volume.persistent_volume_claim.as_ref().is_some_and(|claim| claim.read_only)
}

/// The files of a ConfigMap, Secret, projection or downward API; none for volumes that begin empty.
fn source_tree(pod: &Pod, volume: &Volume, api: &dyn Api) -> Result<Option<Tree>, String> {
    let mut tree = Tree::new(CONFIG_BYTES_MAX);
    if let Some(source) = &volume.config_map {
        let mode = source.default_mode.unwrap_or(0o644);
        let optional = source.optional == Some(true);
        add_config_map(&mut tree, pod, &source.name, &source.items, mode, optional, api)?;
    } else if let Some(source) = &volume.secret {
        let mode = source.default_mode.unwrap_or(0o644);
        let optional = source.optional == Some(true);
        add_secret(&mut tree, pod, &source.secret_name, &source.items, mode, optional, api)?;
    } else if let Some(source) = &volume.projected {
        for part in source.get("sources").as_list() {
            add_projection(&mut tree, pod, part, api)?;
        }
    } else if let Some(source) = &volume.downward_api {
        add_downward(&mut tree, pod, source.get("items"));
    } else {
        return Ok(None);
    }
    Ok(Some(tree))
}

fn place(tree: &mut Tree, path: &str, bytes: &[u8], mode: u32) {
    // A volume that is too large stays without the rest; the API server has bounded the objects.
    let _ = tree.place(&normalise("/", path), bytes, mode, Caller::root(Time::HEADLESS_START));
}

fn add_files(
    tree: &mut Tree,
    files: &OrderedMap<Str, Vec<u8>>,
    items: &[KeyToPath],
    mode: i32,
    optional: bool,
) -> Result<(), String> {
    if items.is_empty() {
        for (key, bytes) in files {
            place(tree, key, bytes, mode as u32);
        }
    }
    for item in items {
        match files.get(&item.key) {
            Some(bytes) => place(tree, &item.path, bytes, item.mode.unwrap_or(mode) as u32),
            None if optional => {}
            None => return Err(format!("references non-existent config key: {}", item.key)),
        }
    }
    Ok(())
}

fn add_config_map(
    tree: &mut Tree,
    pod: &Pod,
    name: &str,
    items: &[KeyToPath],
    mode: i32,
    optional: bool,
    api: &dyn Api,
) -> Result<(), String> {
    match api.get(Kind::ConfigMap, &Key::new(pod.metadata.namespace.clone(), name)) {
        Ok(Object::ConfigMap(map)) => add_files(tree, &config_map_files(&map), items, mode, optional),
        _ if optional => Ok(()),
        _ => Err(format!("configmap \"{name}\" not found")),
    }
}

fn add_secret(
    tree: &mut Tree,
    pod: &Pod,
    name: &str,
    items: &[KeyToPath],
    mode: i32,
    optional: bool,
    api: &dyn Api,
) -> Result<(), String> {
    match api.get(Kind::Secret, &Key::new(pod.metadata.namespace.clone(), name)) {
        Ok(Object::Secret(secret)) => add_files(tree, &secret_files(&secret), items, mode, optional),
        _ if optional => Ok(()),
        _ => Err(format!("secret \"{name}\" not found")),
    }
}

/// The keys of a ConfigMap and their bytes.
pub(crate) fn config_map_files(map: &ConfigMap) -> OrderedMap<Str, Vec<u8>> {
    let mut files: OrderedMap<Str, Vec<u8>> =
        map.data.iter().map(|(key, text)| (key.clone(), text.as_bytes().to_vec())).collect();
    files.extend(map.binary_data.iter().map(|(key, text)| (key.clone(), base64::decode(text).unwrap_or_default())));
    files
}

/// The keys of a Secret and their bytes.
pub(crate) fn secret_files(secret: &Secret) -> OrderedMap<Str, Vec<u8>> {
    secret.data.iter().map(|(key, text)| (key.clone(), base64::decode(text).unwrap_or_default())).collect()
}

fn add_projection(tree: &mut Tree, pod: &Pod, part: &Value, api: &dyn Api) -> Result<(), String> {
    use api::codec::Codec;
    let items = |source: &Value| -> Vec<KeyToPath> {
        source.get("items").as_list().iter().map(|item| KeyToPath::decode(item.clone())).collect()
    };
    let optional = |source: &Value| source.get("optional").as_bool().unwrap_or(false);
    let (map, secret) = (part.get("configMap"), part.get("secret"));
    if !map.is_null() {
        add_config_map(tree, pod, map.get("name").text(), &items(map), 0o644, optional(map), api)?;
    }
    if !secret.is_null() {
        add_secret(tree, pod, secret.get("name").text(), &items(secret), 0o644, optional(secret), api)?;
    }
    add_downward(tree, pod, part.at(&["downwardAPI", "items"]));
    let token = part.get("serviceAccountToken");
    if !token.is_null() {
        let text = crate::text::digest(&account_key(pod));
        place(tree, token.get("path").text(), text.as_bytes(), 0o644);
    }
    Ok(())
}

fn add_downward(tree: &mut Tree, pod: &Pod, items: &Value) {
    for item in items.as_list() {
        let resource = item.get("resourceFieldRef");
        let text = match resource.is_null() {
            true => crate::spawn::field_of(pod, item.at(&["fieldRef", "fieldPath"]).text()).unwrap_or_default(),
            false => crate::spawn::resource_of(pod, resource, None),
        };
        place(tree, item.get("path").text(), text.as_bytes(), 0o644);
    }
}
