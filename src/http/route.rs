//! One endpoint as data: a method, a path and what answers it.

use std::fmt;

use futures_util::future::BoxFuture;
use warp::http::Method;

use super::{ApiError, Recorded, Request, Response};

/// What a handler comes to.
pub type Answer = Result<Response, ApiError>;

type Handler = Box<dyn Fn(Request) -> BoxFuture<'static, Answer> + Send + Sync>;

/// One line of the route table.
pub struct Route {
    pub method: Method,
    /// As in the API reference: `/api/v1/databases/{id}/queries`.
    pub path: &'static str,
    /// What the audit log tells of it; usually every change.
    pub recorded: Recorded,
    handler: Handler,
}

impl Route {
    /// Answers `method` on `path` by `handler`.
    pub fn new<H, F>(method: Method, path: &'static str, handler: H) -> Self
    where
        H: Fn(Request) -> F + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        let recorded = if method.is_safe() { Recorded::Nothing } else { Recorded::Done };
        Self { method, path, recorded, handler: Box::new(move |request| Box::pin(handler(request))) }
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

    /// As it is, but with another mind about the audit log.
    #[must_use]
    pub fn recorded(self, recorded: Recorded) -> Self {
        Self { recorded, ..self }
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
