//! One-use tickets for WebSockets: a browser cannot send a header with the upgrade, and a token in a URL leaks.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore;

use crate::auth::Principal;

const MOST: usize = 10_000;

/// Tickets handed out and not yet used; they live in memory only.
#[derive(Debug, Default)]
pub struct Tickets(Mutex<HashMap<String, Ticket>>);

#[derive(Debug)]
struct Ticket {
    principal: Principal,
    expires: Instant,
}

impl Tickets {
    /// How long a ticket may wait for its use.
    pub const LIFETIME: Duration = Duration::from_secs(30);

    /// A ticket for `principal`; `None` when too many are waiting.
    #[must_use]
    pub fn issue(&self, principal: Principal) -> Option<String> {
        self.issue_at(principal, Instant::now())
    }

    /// Whose ticket `text` is, once.
    #[must_use]
    pub fn redeem(&self, text: &str) -> Option<Principal> {
        self.redeem_at(text, Instant::now())
    }

    fn issue_at(&self, principal: Principal, now: Instant) -> Option<String> {
        let mut tickets = self.lock();
        if tickets.len() >= MOST {
            tickets.retain(|_, ticket| ticket.expires > now);
        }
        if tickets.len() >= MOST {
            return None;
        }
        let mut random = [0; 32];
        rand::rng().fill_bytes(&mut random);
        let text = URL_SAFE_NO_PAD.encode(random);
        tickets.insert(text.clone(), Ticket { principal, expires: now + Self::LIFETIME });
        Some(text)
    }

    fn redeem_at(&self, text: &str, now: Instant) -> Option<Principal> {
        let ticket = self.lock().remove(text)?;
        (ticket.expires > now).then_some(ticket.principal)
    }

    /// A panic elsewhere cannot leave the map half-changed.
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Ticket>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use basira_actors::model::OrganizationId;
    use uuid::Uuid;

    use super::{MOST, Tickets};
    use crate::auth::{Credential, KeyLimits, Principal, Role};

    fn principal() -> Principal {
        Principal {
            organization_id: OrganizationId::generate(),
            role: Role::Viewer,
            credential: Credential::ApiKey { key_id: Uuid::nil(), limits: KeyLimits::default() },
        }
    }

    #[test]
    fn a_ticket_works_once_and_in_time() {
        let (tickets, now, who) = (Tickets::default(), Instant::now(), principal());
        let ticket = tickets.issue_at(who.clone(), now).expect("there is room");
        assert_eq!(tickets.redeem_at("another", now), None);
        assert_eq!(tickets.redeem_at(&ticket, now), Some(who.clone()));
        assert_eq!(tickets.redeem_at(&ticket, now), None);
        let late = tickets.issue_at(who, now).expect("there is room");
        assert_eq!(tickets.redeem_at(&late, now + Tickets::LIFETIME), None);
    }

    #[test]
    fn tickets_do_not_pile_up() {
        let (tickets, now, who) = (Tickets::default(), Instant::now(), principal());
        for _ in 0..MOST {
            assert!(tickets.issue_at(who.clone(), now).is_some());
        }
        assert_eq!(tickets.issue_at(who.clone(), now), None);
        assert!(tickets.issue_at(who, now + Tickets::LIFETIME).is_some());
    }
}
