//! What signing in with providers keeps between requests.

use tokio::sync::Semaphore;

use super::flow::CookieCipher;
use super::provider::Providers;

/// The most sign-ins that wait for providers at the same time.
const MOST_AT_ONCE: usize = 64;

/// The state of signing in with providers; it lives as long as the process.
#[derive(Debug)]
pub(in crate::auth) struct OidcState {
    pub(super) providers: Providers,
    pub(super) cookie_cipher: CookieCipher,
    pub(super) permits: Semaphore,
}

impl Default for OidcState {
    fn default() -> Self {
        let permits = Semaphore::new(MOST_AT_ONCE);
        Self { providers: Providers::default(), cookie_cipher: CookieCipher::default(), permits }
    }
}
