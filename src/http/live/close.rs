//! Why a live stream ends, as its client learns it.

use std::borrow::Cow;

use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use warp::http::StatusCode;

use crate::http::ApiError;

/// What fits into a close frame beside the code.
const MOST_REASON_BYTES: usize = 123;

/// Why a live stream ends.
#[derive(Debug)]
pub(super) enum Close {
    /// The client was not admitted.
    Refused(ApiError),
    /// The access token or the key that opened it has expired.
    Expired,
    /// The session, the user or the key that opened it was revoked or deleted.
    Revoked,
    /// The database was deleted.
    Deleted,
    /// The server is shutting down, usually to be restarted.
    Restarting,
    /// The client disconnected, or no longer answers pings.
    Disconnected,
}

impl Close {
    /// The close frame; `None` when the client is gone.
    pub(super) fn frame(&self) -> Option<Message> {
        let (code, reason) = self.code()?;
        let end = reason.floor_char_boundary(MOST_REASON_BYTES);
        Some(Message::Close(Some(CloseFrame { code: code.into(), reason: reason[..end].into() })))
    }

    /// The close code and the reason; the code of a refusal is 4000 plus its HTTP status.
    fn code(&self) -> Option<(u16, Cow<'static, str>)> {
        match self {
            Self::Refused(error) => {
                let code = match error.status() {
                    StatusCode::BAD_REQUEST => 4400,
                    StatusCode::UNAUTHORIZED => 4401,
                    StatusCode::FORBIDDEN => 4403,
                    StatusCode::NOT_FOUND => 4404,
                    StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => 1013,
                    _ => 1011,
                };
                Some((code, error.to_string().into()))
            }
            Self::Expired => Some((4401, "the credentials have expired".into())),
            Self::Revoked => Some((4401, "the credentials are no longer valid".into())),
            Self::Deleted => Some((4404, "the database was deleted".into())),
            Self::Restarting => Some((1012, "the server is restarting: connect again".into())),
            Self::Disconnected => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Close, Message};
    use crate::http::ApiError;

    #[test]
    fn codes_are_those_of_the_contract() {
        let code = |close: Close| close.code().map(|(code, _)| code);
        let refused = |error| code(Close::Refused(error));
        assert_eq!(refused(ApiError::field("interval", "must be")), Some(4400));
        assert_eq!(refused(ApiError::unauthenticated("bad_ticket", "no")), Some(4401));
        assert_eq!(refused(ApiError::forbidden("bad_origin", "no")), Some(4403));
        assert_eq!(refused(ApiError::not_found("database")), Some(4404));
        assert_eq!(refused(ApiError::storage("down")), Some(1013));
        assert_eq!(refused(ApiError::internal("bug")), Some(1011));
        assert_eq!(code(Close::Expired), Some(4401));
        assert_eq!(code(Close::Revoked), Some(4401));
        assert_eq!(code(Close::Deleted), Some(4404));
        assert_eq!(code(Close::Restarting), Some(1012));
        assert_eq!(code(Close::Disconnected), None);
    }

    #[test]
    fn a_long_reason_is_cut_to_fit() {
        let frame = Close::Refused(ApiError::invalid("x", "ä".repeat(100))).frame();
        let Some(Message::Close(Some(frame))) = frame else { panic!("no close frame") };
        assert_eq!(frame.reason.as_str(), "ä".repeat(61));
    }
}
