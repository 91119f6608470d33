//! Browsers in which an account has logged in before, whose failed logins are counted separately: guesses from elsewhere
//! cannot lock the owner out.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use basira_actors::model::Secret;
use hmac::{Hmac, Mac as _};
use rand::RngCore as _;
use sha2::Sha256;

use super::signup::normalised_email;
use crate::config::SecretRing;

/// How long a browser is recognized without another login.
pub const DEVICE_LIFETIME: Duration = Duration::from_secs(180 * 24 * 3_600);

const ID_BYTES: usize = 16;

/// Marks and recognizes browsers. The mark is not a credential: attempts with it are only counted separately.
#[derive(Debug)]
pub struct Devices(SecretRing);

/// What distinguishes one browser from others.
pub type DeviceId = [u8; ID_BYTES];

impl Devices {
    /// Marks with the current secrets.
    pub(super) fn new(secrets: &SecretRing) -> Self {
        Self(secrets.clone())
    }

    /// A mark for a browser in which the account of `email` has logged in.
    #[must_use]
    pub fn mark(&self, email: &str) -> String {
        let mut id: DeviceId = [0; ID_BYTES];
        rand::rng().fill_bytes(&mut id);
        let mut mark = id.to_vec();
        let seal = sealing(&self.0.now().current, id, email).map(|mac| mac.finalize().into_bytes().to_vec());
        mark.extend(seal.unwrap_or_default());
        URL_SAFE_NO_PAD.encode(mark)
    }

    /// The browser that sent `mark`, if the account of `email` has logged in there.
    #[must_use]
    pub fn recognise(&self, mark: &str, email: &str) -> Option<DeviceId> {
        let mark = URL_SAFE_NO_PAD.decode(mark).ok()?;
        let (id, seal) = mark.split_first_chunk::<ID_BYTES>()?;
        let secrets = self.0.now();
        let mut sealings = secrets.all().filter_map(|secret| sealing(secret, *id, email));
        sealings.any(|mac| mac.verify_slice(seal).is_ok()).then_some(*id)
    }
}

fn sealing(secret: &Secret, id: DeviceId, email: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()?;
    mac.update(b"basira device\0");
    mac.update(&id);
    mac.update(normalised_email(email).as_bytes());
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::{Devices, Secret};
    use crate::config::SecretRing;

    fn under(secret: &str) -> Devices {
        Devices::new(&SecretRing::fixed(Secret::new(secret), None))
    }

    #[test]
    fn a_mark_is_good_for_its_account_only() {
        let devices = under("a secret");
        let mark = devices.mark(" Ada@X.org");
        let known = devices.recognise(&mark, "ada@x.org");
        assert!(known.is_some());
        assert_ne!(devices.recognise(&devices.mark("ada@x.org"), "ada@x.org"), known, "each its own");
        assert_eq!(devices.recognise(&mark, "eve@x.org"), None);
        assert_eq!(under("another").recognise(&mark, "ada@x.org"), None);
        for forged in ["", "AAAA", "?", &mark[..22], &mark[..mark.len() - 1], &"A".repeat(64)] {
            assert_eq!(devices.recognise(forged, "ada@x.org"), None, "{forged}");
        }
    }
}
