//! One endpoint as data: a method, a path and what answers it.

use std::fmt;

use futures_util::future::BoxFuture;
use warp::http::Method;

use super::{ApiError, AuditPolicy, Request, Response};
use crate::limits::Limit;

/// What a handler comes to.
pub type Answer = Result<Response, ApiError>;

type Handler = Box<dyn Fn(Request) -> BoxFuture<'static, Answer> + Send + Sync>;

/// One line of the route table.
pub struct Route {
    pub method: Method,
    /// As in the API reference: `/api/v1/databases/{id}/queries`.
    pub path: &'static str,
    /// Which answers the audit log contains; the default is every change that was done.
    pub audit: AuditPolicy,
    /// What bounds how often one client may ask, beside the limit of its key or user.
    pub limit: Option<Limit>,
    handler: Handler,
}

impl Route {
    /// Answers `method` on `path` by `handler`.
    pub fn new<H, F>(method: Method, path: &'static str, handler: H) -> Self
    where
        H: Fn(Request) -> F + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        let audit = if method.is_safe() { AuditPolicy::Never } else { AuditPolicy::Done };
        Self {
            method,
            path,
            audit,
            limit: None,
            handler: Box::new(move |request| Box::pin(handler(request))),
        }
    }

    /// Answers GET, and HEAD without the body.
    pub fn get<H, F>(path: &'static str, handler: H) -> Self
    where
        H: Fn(Request) -> F + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        Self::new(Method::GET, path, handler)
    }

    /// Answers POST.
    pub fn post<H, F>(path: &'static str, handler: H) -> Self
    where
        H: Fn(Request) -> F + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        Self::new(Method::POST, path, handler)
    }

    /// Answers PATCH.
    pub fn patch<H, F>(path: &'static str, handler: H) -> Self
    where
        H: Fn(Request) -> F + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        Self::new(Method::PATCH, path, handler)
    }

    /// Answers DELETE.
    pub fn delete<H, F>(path: &'static str, handler: H) -> Self
    where
        H: Fn(Request) -> F + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        Self::new(Method::DELETE, path, handler)
    }

    /// With another audit policy.
    #[must_use]
    pub fn audited(self, audit: AuditPolicy) -> Self {
        Self { audit, ..self }
    }

    /// Bounded by `limit`: each request counts, of [`Limit::Login`] only what failed.
    #[must_use]
    pub fn limited(self, limit: Limit) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// Whether a request with `method` is answered here.
    #[must_use]
    pub fn accepts(&self, method: &Method) -> bool {
        self.method == *method || (self.method == Method::GET && *method == Method::HEAD)
    }

    /// Runs the handler.
    pub fn call(&self, request: Request) -> BoxFuture<'static, Answer> {
        (self.handler)(request)
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}
