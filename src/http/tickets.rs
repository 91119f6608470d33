//! One-use tickets for WebSockets: a browser cannot send a header with the upgrade, and a token in a URL leaks.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore;

use super::ApiError;
use crate::auth::Principal;
use crate::quota::Quota;

/// Of all organizations.
const MOST: usize = 20_000;

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

    /// A ticket for `principal`, whose organization may have `quota` that wait to be used.
    ///
    /// # Errors
    /// 429 when the organization has as many, 503 when all together have too many.
    pub fn issue(&self, principal: Principal, quota: u32) -> Result<String, ApiError> {
        self.issue_at(principal, quota.into(), Instant::now())
    }

    /// Whose ticket `text` is, once.
    #[must_use]
    pub fn redeem(&self, text: &str) -> Option<Principal> {
        self.redeem_at(text, Instant::now())
    }

    fn issue_at(&self, principal: Principal, quota: u64, now: Instant) -> Result<String, ApiError> {
        let mut tickets = self.lock();
        tickets.retain(|_, ticket| ticket.expires > now);
        if tickets.len() >= MOST {
            let message = "too many tickets are waiting to be used";
            return Err(ApiError::unavailable(message, Duration::from_secs(5)));
        }
        let organization = principal.organization_id;
        let of_organization = tickets.values().filter(|of| of.principal.organization_id == organization);
        Quota::StreamTickets.check(of_organization.count() as u64, quota)?;
        let mut random = [0; 32];
        rand::rng().fill_bytes(&mut random);
        let text = URL_SAFE_NO_PAD.encode(random);
        tickets.insert(text.clone(), Ticket { principal, expires: now + Self::LIFETIME });
        Ok(text)
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

    use super::Tickets;
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
        let ticket = tickets.issue_at(who.clone(), 9, now).expect("there is room");
        assert_eq!(tickets.redeem_at("another", now), None);
        assert_eq!(tickets.redeem_at(&ticket, now), Some(who.clone()));
        assert_eq!(tickets.redeem_at(&ticket, now), None);
        let late = tickets.issue_at(who, 9, now).expect("there is room");
        assert_eq!(tickets.redeem_at(&late, now + Tickets::LIFETIME), None);
    }

    #[test]
    fn one_organization_cannot_take_the_tickets_of_another() {
        let (tickets, now, who) = (Tickets::default(), Instant::now(), principal());
        for _ in 0..9 {
            assert!(tickets.issue_at(who.clone(), 9, now).is_ok());
        }
        let refused = tickets.issue_at(who.clone(), 9, now).expect_err("one too many");
        assert_eq!(refused.status().as_u16(), 429);
        assert!(tickets.issue_at(principal(), 9, now).is_ok(), "of another organization");
        assert!(tickets.issue_at(who, 9, now + Tickets::LIFETIME).is_ok(), "once those have expired");
    }
}
