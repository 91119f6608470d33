//! How much is logged.

use async_trait::async_trait;

use super::Part;
use crate::config::Config;
use crate::log::Log;
use crate::storage::StorageError;

/// The log.
pub struct LogLevelPart(pub Log);

#[async_trait]
impl Part for LogLevelPart {
    async fn settle(&self, before: &Config, now: &Config) -> Result<(), StorageError> {
        if before.log.level != now.log.level {
            self.0.set_level(now.log.level);
        }
        Ok(())
    }
}
