//! The only place where the PersistentVolume controller writes.

use std::rc::Rc;

use api::meta::ObjectReference;
use api::{Kind, Object, PersistentVolume, PersistentVolumeClaim, Resource, Status, Str};
use client::DeleteOptions;
use ecow::EcoVec;
use thin::format_str;

use super::decide::{
    BETA_STORAGE_PROVISIONER, BIND_COMPLETED, BOUND_BY_CONTROLLER, ClaimDecision, Notice, Reclaim, STORAGE_PROVISIONER,
    VolumeDecision,
};
use super::{PersistentVolumeController, Trigger, matching};
use crate::context::Context;
use crate::why::Why;

impl PersistentVolumeController {
    pub(super) fn apply_claim(
        &mut self,
        claim: &Rc<PersistentVolumeClaim>,
        decision: &ClaimDecision,
        trigger: Trigger,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let key = claim.key();
        match decision {
            ClaimDecision::Bind(volume) => {
                self.pending.remove(&key);
                return self.apply_binding(claim, volume, context);
            }
            ClaimDecision::AssignClass(class) => {
                let mut claim = (**claim).clone();
                claim.spec.storage_class_name = Some(class.clone());
                return self.update_claim(claim, context).map(drop);
            }
            ClaimDecision::Provision { provisioner, notice } => {
                self.pending.insert(key);
                return self.apply_provisioning(claim, provisioner, notice, trigger, context);
            }
            ClaimDecision::CannotProvision(notice) => {
                self.pending.insert(key);
                self.record_about_claim(claim, notice, context);
            }
            ClaimDecision::Pending(notice) => {
                self.pending.insert(key);
                if let Some(notice) = notice {
                    self.record_about_claim(claim, notice, context);
                }
                self.update_claim_status(claim, "Pending", None, context)?;
            }
            ClaimDecision::Lost(notice) => {
                self.pending.remove(&key);
                if claim.status.phase != "Lost" {
                    self.update_claim_status(claim, "Lost", None, context)?;
                    self.record_about_claim(claim, notice, context);
                }
            }
            ClaimDecision::Contradiction => {
                return Err(Status::internal(format_str!("invalid binding of claim {key}: volume already claimed")));
            }
        }
        Ok(())
    }

    /// Four writes; those that are done already are left out.
    fn apply_binding(
        &mut self,
        claim: &Rc<PersistentVolumeClaim>,
        volume: &Rc<PersistentVolume>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let volume = self.bind_volume_to_claim(volume, claim, context)?;
        let volume = self.update_volume_phase(&volume, "Bound", "", context)?;
        let claim = self.bind_claim_to_volume(claim, &volume, context)?;
        self.update_claim_status(&claim, "Bound", Some(&volume), context)
    }

    fn bind_volume_to_claim(
        &mut self,
        volume: &Rc<PersistentVolume>,
        claim: &PersistentVolumeClaim,
        context: &mut Context<'_>,
    ) -> Result<Rc<PersistentVolume>, Status> {
        let is_complete = volume.spec.claim_ref.as_ref().is_some_and(|reference| {
            matching::claim_key(volume) == Some(claim.key()) && reference.uid == claim.metadata.uid
        });
        if is_complete {
            return Ok(volume.clone());
        }
        let mut bound = (**volume).clone();
        if !matching::is_bound_to(volume, claim) {
            bound.metadata.annotations.insert(BOUND_BY_CONTROLLER, "yes");
        }
        bound.spec.claim_ref = Some(Rc::new(reference_to(claim)));
        self.update_volume(bound, context)
    }

    fn bind_claim_to_volume(
        &mut self,
        claim: &Rc<PersistentVolumeClaim>,
        volume: &PersistentVolume,
        context: &mut Context<'_>,
    ) -> Result<Rc<PersistentVolumeClaim>, Status> {
        let names_volume = claim.spec.volume_name == volume.metadata.name;
        if names_volume && claim.metadata.annotations.contains(BIND_COMPLETED) {
            return Ok(claim.clone());
        }
        let mut bound = (**claim).clone();
        if !names_volume {
            bound.spec.volume_name = volume.metadata.name.clone();
            bound.metadata.annotations.insert(BOUND_BY_CONTROLLER, "yes");
        }
        bound.metadata.annotations.insert(BIND_COMPLETED, "yes");
        self.update_claim(bound, context)
    }

    /// Says who is to make the volume. The Event comes with the annotation, and again at every resync.
    fn apply_provisioning(
        &mut self,
        claim: &Rc<PersistentVolumeClaim>,
        provisioner: &Str,
        notice: &Notice,
        trigger: Trigger,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let annotations = &claim.metadata.annotations;
        let is_said = annotations.get(STORAGE_PROVISIONER) == Some(provisioner.as_str());
        if is_said && trigger == Trigger::Change {
            return Ok(());
        }
        let mut asked = claim.clone();
        if !is_said {
            let mut changed = (**claim).clone();
            changed.metadata.annotations.insert(BETA_STORAGE_PROVISIONER, provisioner.clone());
            changed.metadata.annotations.insert(STORAGE_PROVISIONER, provisioner.clone());
            asked = self.update_claim(changed, context)?;
        }
        self.record_about_claim(&asked, notice, context);
        Ok(())
    }

    pub(super) fn apply_volume(
        &mut self,
        volume: &Rc<PersistentVolume>,
        claim: Option<&Rc<PersistentVolumeClaim>>,
        decision: &VolumeDecision,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        match decision {
            VolumeDecision::Available => self.update_volume_phase(volume, "Available", "", context).map(drop),
            VolumeDecision::Bound => self.update_volume_phase(volume, "Bound", "", context).map(drop),
            // The caller has sent the claim on.
            VolumeDecision::SyncClaim => Ok(()),
            VolumeDecision::Mismatch { of_volume, of_claim } => {
                self.record(&Object::PersistentVolume(volume.clone()), of_volume, context);
                if let Some(claim) = claim {
                    self.record_about_claim(claim, of_claim, context);
                }
                Ok(())
            }
            VolumeDecision::Release(reclaim) => self.apply_release(volume, reclaim, context),
            VolumeDecision::Unbind => self.apply_unbinding(volume, context),
        }
    }

    fn apply_release(
        &mut self,
        volume: &Rc<PersistentVolume>,
        reclaim: &Reclaim,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let is_failed = volume.status.phase == "Failed";
        let released =
            if is_failed { volume.clone() } else { self.update_volume_phase(volume, "Released", "", context)? };
        match reclaim {
            Reclaim::Nothing => Ok(()),
            Reclaim::Delete if released.metadata.is_terminating() => Ok(()),
            Reclaim::Delete => {
                context.delete(Kind::PersistentVolume, &volume.key(), &DeleteOptions::default()).map(drop)
            }
            Reclaim::Fail(_) if is_failed => Ok(()),
            Reclaim::Fail(notice) => {
                let failed = self.update_volume_phase(&released, "Failed", &notice.message, context)?;
                self.record(&Object::PersistentVolume(failed), notice, context);
                Ok(())
            }
        }
    }

    /// Takes a volume back from a claim that is bound elsewhere.
    fn apply_unbinding(&mut self, volume: &PersistentVolume, context: &mut Context<'_>) -> Result<(), Status> {
        let mut unbound = volume.clone();
        unbind(&mut unbound);
        let unbound = self.update_volume(unbound, context)?;
        self.update_volume_phase(&unbound, "Available", "", context).map(drop)
    }

    fn update_volume_phase(
        &mut self,
        volume: &Rc<PersistentVolume>,
        phase: &'static str,
        message: &str,
        context: &mut Context<'_>,
    ) -> Result<Rc<PersistentVolume>, Status> {
        if volume.status.phase == phase {
            return Ok(volume.clone());
        }
        let mut changed = (**volume).clone();
        changed.status.phase = phase.into();
        changed.status.message = message.into();
        self.last_writes.note(&volume.key(), context.now);
        let object = context.update_status(changed)?;
        Ok(object.get::<PersistentVolume>().expect("the server answers with the kind that was written").clone())
    }

    /// Access modes and capacity follow the volume; capacity only when the claim becomes bound.
    fn update_claim_status(
        &mut self,
        claim: &PersistentVolumeClaim,
        phase: &'static str,
        volume: Option<&PersistentVolume>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let mut status = claim.status.clone();
        let (modes, capacity) = match volume {
            None => (EcoVec::new(), api::ResourceList::new()),
            Some(volume) if status.phase == phase => (volume.spec.access_modes.clone(), status.capacity.clone()),
            Some(volume) => {
                let storage = volume.spec.capacity.get_str("storage").map(|size| ("storage", size.clone()));
                (volume.spec.access_modes.clone(), storage.into_iter().collect())
            }
        };
        status.phase = phase.into();
        status.access_modes = modes;
        status.capacity = capacity;
        if status == claim.status {
            return Ok(());
        }
        let mut changed = claim.clone();
        changed.status = status;
        self.last_writes.note(&claim.key(), context.now);
        context.update_status(changed).map(drop)
    }

    fn update_claim(
        &mut self,
        claim: PersistentVolumeClaim,
        context: &mut Context<'_>,
    ) -> Result<Rc<PersistentVolumeClaim>, Status> {
        self.last_writes.note(&claim.key(), context.now);
        let object = context.update(claim)?;
        Ok(object.get::<PersistentVolumeClaim>().expect("the server answers with the kind that was written").clone())
    }

    fn update_volume(
        &mut self,
        volume: PersistentVolume,
        context: &mut Context<'_>,
    ) -> Result<Rc<PersistentVolume>, Status> {
        self.last_writes.note(&volume.key(), context.now);
        let object = context.update(volume)?;
        Ok(object.get::<PersistentVolume>().expect("the server answers with the kind that was written").clone())
    }

    fn record_about_claim(&mut self, claim: &Rc<PersistentVolumeClaim>, notice: &Notice, context: &mut Context<'_>) {
        let why = Why::Claim { message: notice.message.clone() };
        context.explain(Kind::PersistentVolumeClaim, &claim.key(), why);
        self.record(&Object::PersistentVolumeClaim(claim.clone()), notice, context);
    }

    fn record(&mut self, about: &Object, notice: &Notice, context: &mut Context<'_>) {
        self.recorder.event(context.api, about, notice.kind, notice.reason, notice.message.clone());
    }
}

/// A volume without its claim; one that the user reserved stays reserved by name.
pub(crate) fn unbind(volume: &mut PersistentVolume) {
    if volume.metadata.annotations.remove(BOUND_BY_CONTROLLER).is_some() {
        volume.spec.claim_ref = None;
    } else if let Some(reference) = &mut volume.spec.claim_ref {
        Rc::make_mut(reference).uid = Str::new();
    }
}

/// A reference as upstream's `ref.GetReference` makes it.
pub(crate) fn reference_to(claim: &PersistentVolumeClaim) -> ObjectReference {
    ObjectReference {
        api_version: "v1".into(),
        kind: "PersistentVolumeClaim".into(),
        name: claim.metadata.name.clone(),
        namespace: claim.metadata.namespace.clone(),
        resource_version: format_str!("{}", claim.metadata.resource_version.0),
        uid: claim.metadata.uid.clone(),
        ..ObjectReference::default()
    }
}
