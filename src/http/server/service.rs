//! From warp to a handler and back: the one filter in front of the route table.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use bytes::Buf;
use futures_util::{FutureExt, StreamExt};
use hyper::upgrade::OnUpgrade;
use uuid::Uuid;
use warp::filters::{BoxedFilter, path::FullPath};
use warp::http::{HeaderMap, Method, StatusCode};
use warp::{Filter, Rejection};

use crate::app::App;
use crate::http::middleware::audit::{self, Call};
use crate::http::middleware::{compression, cors, csrf, security_headers};
use crate::http::routing::{Body, PathParameters, Router, Upgrade};
use crate::http::{
    Answer, ApiError, AuditContext, Peer, Request, Response, Route, RouteTableError, page, response,
};
use crate::limits::Limit;

/// Path and query together.
const MOST_URI_BYTES: usize = 8 * 1024;

/// A request before its route is found.
struct Incoming {
    method: Method,
    path: FullPath,
    raw_query: String,
    headers: HeaderMap,
    peer: Option<Peer>,
    upgrade: Option<Upgrade>,
    body: Body,
}

impl Incoming {
    /// The request to a route whose path holds `parameters`.
    fn into_request(self, app: Arc<App>, parameters: PathParameters) -> Request {
        Request {
            app,
            method: self.method,
            headers: self.headers,
            peer: self.peer,
            audit: Arc::new(AuditContext::default()),
            parameters,
            raw_query: self.raw_query,
            upgrade: self.upgrade,
            body: self.body,
        }
    }
}

/// Answers every request.
pub(super) type ApiFilter = BoxedFilter<(warp::reply::Response,)>;

/// The filter that answers everything by `routes`.
///
/// # Errors
/// [`RouteTableError`] when two routes collide.
pub(super) fn filter(app: Arc<App>, routes: Vec<Route>) -> Result<ApiFilter, RouteTableError> {
    let router = Arc::new(Router::new(routes)?);
    let filter = incoming().then(move |incoming| {
        let (app, router) = (Arc::clone(&app), Arc::clone(&router));
        async move { answer(app, &router, incoming).await.map(Into::into) }
    });
    Ok(filter.boxed())
}

fn incoming() -> impl Filter<Extract = (Incoming,), Error = Rejection> + Clone + Send + Sync {
    let raw_query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::method()
        .and(warp::path::full())
        .and(raw_query)
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Peer>())
        .and(warp::ext::optional::<OnUpgrade>())
        .and(warp::body::stream())
        .map(|method, path, raw_query, headers, peer, connection, body| Incoming {
            upgrade: Upgrade::of(&method, &headers, connection),
            method,
            path,
            raw_query,
            headers,
            peer,
            body: boxed(body),
        })
}

fn boxed<B, S>(body: S) -> Body
where
    B: Buf,
    S: futures_util::Stream<Item = Result<B, warp::Error>> + Send + Sync + 'static,
{
    Box::pin(body.map(|chunk| chunk.map(|mut chunk| chunk.copy_to_bytes(chunk.remaining()))))
}

async fn answer(app: Arc<App>, router: &Router, incoming: Incoming) -> Response {
    let started = Instant::now();
    let request_id = Uuid::now_v7().to_string();
    let method = incoming.method.clone();
    let gzip = compression::accepts(&incoming.headers, "gzip");
    let config = app.config();
    let https = app.public_url.is_https();
    let origins = &config.http.cors.origins;
    let calling_page = cors::Page::of(&incoming.headers, origins);
    let (template, answer) = match calling_page.preflight(&method, &incoming.headers) {
        Some(response) => ("", Ok(response)),
        None => match admit(&app, router, &incoming, origins) {
            Ok((route, parameters)) => {
                let request = incoming.into_request(Arc::clone(&app), Arc::clone(&parameters));
                let (context, address) = (Arc::clone(&request.audit), request.client_address());
                let answer = run(route, request).await;
                let call = Call { route, parameters: &parameters, address, request_id: &request_id };
                audit::record(&app, call, &context, status_of(&answer)).await;
                (route.path, answer)
            }
            Err(ApiError::NotFound { what }) => {
                let page = page::answer(&method, incoming.path.as_str(), &incoming.headers);
                ("", page.ok_or(ApiError::NotFound { what }))
            }
            Err(error) => ("", Err(error)),
        },
    };
    let mut response = answer.unwrap_or_else(|error| error.into_response(&request_id));
    calling_page.admit(&mut response);
    security_headers::apply(&mut response, &request_id, https);
    compression::compress(&mut response, gzip);
    if method == Method::HEAD {
        response::drop_body(&mut response);
    }
    // The template, not the path: a query string may hold a token.
    tracing::debug!(
        request.id = request_id,
        http.method = %method,
        http.route = template,
        http.status = response.status().as_u16(),
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "request answered"
    );
    response
}

fn status_of(answer: &Answer) -> StatusCode {
    answer.as_ref().map_or_else(ApiError::status, Response::status)
}

/// The route of what came in, if it may be asked for from there.
fn admit<'a>(
    app: &App,
    router: &'a Router,
    incoming: &Incoming,
    origins: &[String],
) -> Result<(&'a Route, PathParameters), ApiError> {
    let path = incoming.path.as_str();
    if path.len() + incoming.raw_query.len() > MOST_URI_BYTES {
        return Err(ApiError::UriTooLong { limit_bytes: MOST_URI_BYTES });
    }
    let found = router.find(&incoming.method, path)?;
    csrf::check(&incoming.method, &incoming.headers, &app.public_url, origins)?;
    Ok(found)
}

/// Runs the handler, if the client may ask so often; one that panics costs its own request only.
async fn run(route: &Route, request: Request) -> Answer {
    if let Some(limit) = route.limit.filter(|limit| *limit != Limit::Login) {
        request.count_client(limit)?;
    }
    match AssertUnwindSafe(route.call(request)).catch_unwind().await {
        Ok(answer) => answer,
        Err(_) => Err(ApiError::internal(format!("the handler of {route:?} panicked"))),
    }
}
