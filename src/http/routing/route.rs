//! One endpoint as a value: method, path, who may call it, what it takes and answers, and its handler.

use std::fmt;

use futures_util::future::BoxFuture;
use warp::http::Method;

use super::{Access, Answer, AuditPolicy, Description, Request, Requirement};
use crate::limits::Limit;

type Handler = Box<dyn Fn(Request) -> BoxFuture<'static, Answer> + Send + Sync>;

/// One endpoint. The route table, the OpenAPI document and the tests of access are made from it.
pub struct Route {
    pub method: Method,
    /// As in the API reference: `/api/v1/databases/{id}/queries`.
    pub path: &'static str,
    /// What the caller must be.
    pub requirement: Requirement,
    /// Which answers the audit log contains; the default is every change that was done.
    pub audit: AuditPolicy,
    /// How often one client may call it, in addition to the limit of its key or user.
    pub limit: Option<Limit>,
    /// Parameters, body and answers.
    pub description: Description,
    handler: Handler,
}

impl Route {
    /// A route for `method` on `path`. The handler runs once `access` has established the caller.
    pub fn new<A, H, F>(method: Method, path: &'static str, summary: &str, access: A, handler: H) -> Self
    where
        A: Access,
        H: Fn(Request, A::Caller) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        let audit = if method.is_safe() { AuditPolicy::Never } else { AuditPolicy::Done };
        let handler: Handler = Box::new(move |request| {
            let handler = handler.clone();
            Box::pin(async move {
                let caller = access.admit(&request).await?;
                handler(request, caller).await
            })
        });
        let requirement = access.requirement();
        let description = Description::new(path, summary);
        Self { method, path, requirement, audit, limit: None, description, handler }
    }

    /// A route for GET, and for HEAD without the body.
    pub fn get<A, H, F>(path: &'static str, summary: &str, access: A, handler: H) -> Self
    where
        A: Access,
        H: Fn(Request, A::Caller) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        Self::new(Method::GET, path, summary, access, handler)
    }

    /// A route for POST.
    pub fn post<A, H, F>(path: &'static str, summary: &str, access: A, handler: H) -> Self
    where
        A: Access,
        H: Fn(Request, A::Caller) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        Self::new(Method::POST, path, summary, access, handler)
    }

    /// A route for PATCH.
    pub fn patch<A, H, F>(path: &'static str, summary: &str, access: A, handler: H) -> Self
    where
        A: Access,
        H: Fn(Request, A::Caller) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        Self::new(Method::PATCH, path, summary, access, handler)
    }

    /// A route for DELETE.
    pub fn delete<A, H, F>(path: &'static str, summary: &str, access: A, handler: H) -> Self
    where
        A: Access,
        H: Fn(Request, A::Caller) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        Self::new(Method::DELETE, path, summary, access, handler)
    }

    /// The routes of `files`, described under `tag` where they have no tag yet.
    pub fn family(tag: &'static str, files: impl IntoIterator<Item = Vec<Self>>) -> Vec<Self> {
        let mut routes: Vec<Self> = files.into_iter().flatten().collect();
        for route in &mut routes {
            route.description.tag.get_or_insert(tag);
        }
        routes
    }

    /// Described under `tag` instead of that of its family.
    #[must_use]
    pub fn tag(mut self, tag: &'static str) -> Self {
        self.description.tag = Some(tag);
        self
    }

    /// With another audit policy.
    #[must_use]
    pub fn audited(self, audit: AuditPolicy) -> Self {
        Self { audit, ..self }
    }

    /// Bounded by `limit`: each request counts, of [`Limit::Login`] only those that failed.
    #[must_use]
    pub fn limited(self, limit: Limit) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// Whether it answers requests with `method`.
    #[must_use]
    pub fn accepts(&self, method: &Method) -> bool {
        self.method == *method || (self.method == Method::GET && *method == Method::HEAD)
    }

    /// Establishes the caller and runs the handler.
    pub fn call(&self, request: Request) -> BoxFuture<'static, Answer> {
        (self.handler)(request)
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}
