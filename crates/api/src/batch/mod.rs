//! The kinds of `batch/v1`: work that ends, and work that comes again and again.
//!
//! Models: kubernetes v1.36 k8s.io/api/batch/v1.

pub mod cron_job;
pub mod job;
pub mod schedule;
