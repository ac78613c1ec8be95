//! CronJob.

use std::rc::Rc;

use ecow::EcoVec;
use sim::Time;

use super::job::JobSpec;
use crate::meta::ObjectMeta;
use crate::{Str, object};

object! {
    /// Jobs that are made on a schedule.
    pub struct CronJob {
        /// Name and labels.
        metadata: ObjectMeta = "metadata" always,
        /// What is wanted.
        spec: Rc<CronJobSpec> = "spec" always,
        /// What is.
        status: CronJobStatus = "status" always,
    }
}

object! {
    /// What is wanted of a CronJob.
    pub struct CronJobSpec {
        /// When, as cron writes it.
        schedule: Str = "schedule" always,
        /// In whose time; that of the controllers, which is UTC, if absent.
        time_zone: Option<Str> = "timeZone",
        /// How late a Job may start.
        starting_deadline_seconds: Option<i64> = "startingDeadlineSeconds",
        /// `Allow`, `Forbid` or `Replace`.
        concurrency_policy: Str = "concurrencyPolicy",
        /// Whether it rests.
        suspend: Option<bool> = "suspend",
        /// What the Jobs are made from.
        job_template: JobTemplateSpec = "jobTemplate" always,
        /// How many complete Jobs are kept.
        successful_jobs_history_limit: Option<i32> = "successfulJobsHistoryLimit",
        /// How many failed Jobs are kept.
        failed_jobs_history_limit: Option<i32> = "failedJobsHistoryLimit",
    }
}

object! {
    /// What Jobs are made from.
    pub struct JobTemplateSpec {
        /// Labels and annotations.
        metadata: ObjectMeta = "metadata" always,
        /// Their spec.
        spec: Rc<JobSpec> = "spec" always,
    }
}

object! {
    /// What is said of a CronJob.
    pub struct CronJobStatus {
        /// Jobs that run.
        active: EcoVec<JobReference> = "active",
        /// When a Job was last due and made.
        last_schedule_time: Option<Time> = "lastScheduleTime",
        /// When a Job was last complete.
        last_successful_time: Option<Time> = "lastSuccessfulTime",
    }
}

object! {
    /// A Job that runs.
    pub struct JobReference {
        /// `Job`
        kind: Str = "kind",
        /// Where it is.
        namespace: Str = "namespace",
        /// What it is called.
        name: Str = "name",
        /// Which of that name.
        uid: Str = "uid",
        /// `batch/v1`
        api_version: Str = "apiVersion",
        /// As it was when it was made.
        resource_version: Str = "resourceVersion",
    }
}
