//! One-use tickets for WebSockets: a browser cannot send a header with the upgrade, and a token in a URL leaks.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore;

use super::Principal;
use crate::quota::{Quota, QuotaExceeded};
use parking_lot::Mutex;

/// The most unused tickets of all organizations together.
const MAX_TICKETS: usize = 20_000;

/// The tickets that were issued and not yet used, in memory only.
#[derive(Debug, Default)]
pub struct WsTickets(Mutex<HashMap<String, Ticket>>);

#[derive(Debug)]
struct Ticket {
    principal: Principal,
    expires: Instant,
}

/// No ticket can be issued now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WsTicketError {
    #[error("too many tickets are waiting to be used")]
    TooMany,
    #[error(transparent)]
    Quota(#[from] QuotaExceeded),
}

impl WsTickets {
    /// How long a ticket is valid.
    pub const LIFETIME: Duration = Duration::from_secs(30);

    /// Issues a ticket to `principal`, whose organization may have `quota` unused tickets.
    ///
    /// # Errors
    /// [`WsTicketError`] when the organization, or all organizations together, have too many unused tickets.
    pub fn issue(&self, principal: Principal, quota: u32) -> Result<String, WsTicketError> {
        self.issue_at(principal, quota.into(), Instant::now())
    }

    /// The principal that the ticket `text` was issued to; each ticket is redeemed once.
    #[must_use]
    pub fn redeem(&self, text: &str) -> Option<Principal> {
        self.redeem_at(text, Instant::now())
    }

    fn issue_at(&self, principal: Principal, quota: u64, now: Instant) -> Result<String, WsTicketError> {
        let mut tickets = self.0.lock();
        tickets.retain(|_, ticket| ticket.expires > now);
        if tickets.len() >= MAX_TICKETS {
            return Err(WsTicketError::TooMany);
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
        let ticket = self.0.lock().remove(text)?;
        (ticket.expires > now).then_some(ticket.principal)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use basira_actors::model::OrganizationId;
    use uuid::Uuid;

    use super::{WsTicketError, WsTickets};
    use crate::auth::{Credential, KeyRestrictions, Principal, Role};

    fn principal() -> Principal {
        Principal {
            organization_id: OrganizationId::generate(),
            role: Role::Viewer,
            credential: Credential::ApiKey { key_id: Uuid::nil(), limits: KeyRestrictions::default() },
        }
    }

    #[test]
    fn a_ticket_works_once_and_in_time() {
        let (tickets, now, who) = (WsTickets::default(), Instant::now(), principal());
        let ticket = tickets.issue_at(who.clone(), 9, now).expect("there is room");
        assert_eq!(tickets.redeem_at("another", now), None);
        assert_eq!(tickets.redeem_at(&ticket, now), Some(who.clone()));
        assert_eq!(tickets.redeem_at(&ticket, now), None);
        let late = tickets.issue_at(who, 9, now).expect("there is room");
        assert_eq!(tickets.redeem_at(&late, now + WsTickets::LIFETIME), None);
    }

    #[test]
    fn the_quota_is_counted_for_each_organization() {
        let (tickets, now, who) = (WsTickets::default(), Instant::now(), principal());
        for _ in 0..9 {
            assert!(tickets.issue_at(who.clone(), 9, now).is_ok());
        }
        let refused = tickets.issue_at(who.clone(), 9, now).expect_err("one too many");
        assert!(matches!(refused, WsTicketError::Quota(_)));
        assert!(tickets.issue_at(principal(), 9, now).is_ok(), "of another organization");
        assert!(tickets.issue_at(who, 9, now + WsTickets::LIFETIME).is_ok(), "once those have expired");
    }
}
