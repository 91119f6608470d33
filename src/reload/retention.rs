//! How long samples are kept.

use std::sync::Arc;

use async_trait::async_trait;

use super::Part;
use crate::config::Config;
use crate::samples::ManagedSampleStore;
use crate::storage::StorageError;

/// The store of samples.
pub struct RetentionPart(pub Arc<dyn ManagedSampleStore>);

#[async_trait]
impl Part for RetentionPart {
    async fn settle(&self, before: &Config, now: &Config) -> Result<(), StorageError> {
        if before.samples.retention != now.samples.retention {
            self.0.retain(now.samples.retention);
        }
        Ok(())
    }
}
