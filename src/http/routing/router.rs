//! Finds the route of a request and decodes the parameters of its path.

use percent_encoding::percent_decode_str;
use warp::http::Method;

use super::{ApiError, PathParameters, Route};

/// The route table, indexed by path.
pub(in crate::http) struct Router {
    resources: matchit::Router<Vec<Route>>,
}

/// The table contains two paths that conflict.
#[derive(Debug, thiserror::Error)]
#[error("the route {path} cannot be added to the table: {source}")]
pub struct RouteTableError {
    path: &'static str,
    source: matchit::InsertError,
}

impl Router {
    /// Indexes `routes`, in any order.
    ///
    /// # Errors
    /// [`RouteTableError`] when two paths conflict.
    pub(in crate::http) fn new(routes: Vec<Route>) -> Result<Self, RouteTableError> {
        let mut by_path: Vec<(&'static str, Vec<Route>)> = Vec::new();
        for route in routes {
            match by_path.iter_mut().find(|(path, _)| *path == route.path) {
                Some((_, same_path)) => same_path.push(route),
                None => by_path.push((route.path, vec![route])),
            }
        }
        let mut resources = matchit::Router::new();
        for (path, same_path) in by_path {
            resources.insert(path, same_path).map_err(|source| RouteTableError { path, source })?;
        }
        Ok(Self { resources })
    }

    /// The route for `method` on the percent-encoded `path`.
    ///
    /// # Errors
    /// 404 for an unknown path, 405 for a known path with another method, 400 for a segment that is not UTF-8.
    pub(in crate::http) fn find(
        &self,
        method: &Method,
        path: &str,
    ) -> Result<(&Route, PathParameters), ApiError> {
        let found = self.resources.at(path).map_err(|_| ApiError::not_found("page"))?;
        let route = found
            .value
            .iter()
            .find(|route| route.accepts(method))
            .ok_or_else(|| ApiError::MethodNotAllowed { allow: allowed(found.value) })?;
        let parameters = found
            .params
            .iter()
            .map(|(name, segment)| Ok((name.to_owned(), decode(name, segment)?)))
            .collect::<Result<_, ApiError>>()?;
        Ok((route, parameters))
    }
}

/// The value of `Allow`.
fn allowed(routes: &[Route]) -> String {
    let mut methods: Vec<&str> = routes.iter().map(|route| route.method.as_str()).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.sort_unstable();
    methods.join(", ")
}

fn decode(name: &str, segment: &str) -> Result<String, ApiError> {
    let text = percent_decode_str(segment)
        .decode_utf8()
        .map_err(|_| ApiError::field(name.to_owned(), "must be UTF-8, percent-encoded"))?;
    if text.contains('\0') {
        return Err(ApiError::field(name.to_owned(), "must not contain a NUL character"));
    }
    Ok(text.into_owned())
}

#[cfg(test)]
mod tests {
    use warp::http::{Method, StatusCode};

    use super::Router;
    use crate::http::{Anonymous, ApiError, Public, Request, Route};

    fn router() -> Router {
        async fn nothing(_: Request, _: Anonymous) -> crate::http::Answer {
            Err(ApiError::not_found("thing"))
        }
        Router::new(vec![
            Route::get("/things/{id}", "", Public, nothing),
            Route::get("/things", "", Public, nothing),
            Route::delete("/things/{id}", "", Public, nothing),
        ])
        .expect("no two paths collide")
    }

    #[test]
    fn tells_unknown_paths_from_wrong_methods() {
        let cases = [
            (Method::GET, "/things/1", None),
            (Method::HEAD, "/things/1", None),
            (Method::DELETE, "/things/1", None),
            (Method::GET, "/things/", Some((StatusCode::NOT_FOUND, None))),
            (Method::GET, "/things/1/", Some((StatusCode::NOT_FOUND, None))),
            (Method::GET, "/", Some((StatusCode::NOT_FOUND, None))),
            (Method::POST, "/things/1", Some((StatusCode::METHOD_NOT_ALLOWED, Some("DELETE, GET, HEAD")))),
            (Method::OPTIONS, "/things", Some((StatusCode::METHOD_NOT_ALLOWED, Some("GET, HEAD")))),
        ];
        for (method, path, expected) in cases {
            let refusal = router().find(&method, path).err().map(|error| match error {
                ApiError::MethodNotAllowed { ref allow } => (error.status(), Some(allow.clone())),
                other => (other.status(), None),
            });
            let refusal = refusal.as_ref().map(|(status, allow)| (*status, allow.as_deref()));
            assert_eq!(refusal, expected, "{method} {path}");
        }
    }

    #[test]
    fn decodes_segments() {
        let parameter = |path: &str| {
            router().find(&Method::GET, path).map(|(_, parameters)| parameters[0].1.clone()).ok()
        };
        assert_eq!(parameter("/things/a%2Fb%20c").as_deref(), Some("a/b c"));
        assert_eq!(parameter("/things/%C3%A4").as_deref(), Some("ä"));
        assert_eq!(parameter("/things/a+b").as_deref(), Some("a+b"));
        assert_eq!(parameter("/things/%FF"), None);
        assert_eq!(parameter("/things/a%00"), None);
    }
}
