//! Queries about many relations, a page at a time.

use crate::collect::Param;

/// Oids to query. A page that fails, because a relation was locked meanwhile, is queried once more: by then the query
/// itself leaves out what is locked. If it fails again, its relations are left to the next run.
#[derive(Default)]
pub struct OidPages {
    pending: Vec<i64>,
    page: Vec<i64>,
    is_retry: bool,
}

impl OidPages {
    /// Starts over with `oids`; the last ones come first.
    pub fn restart(&mut self, oids: Vec<i64>) {
        *self = Self { pending: oids, ..Self::default() };
    }

    /// Returns the next page of at most `size` oids, as a parameter; none when all were returned.
    pub fn next(&mut self, size: usize) -> Option<Param> {
        self.is_retry = false;
        self.page = self.pending.split_off(self.pending.len().saturating_sub(size));
        (!self.page.is_empty()).then(|| Param::BigInts(self.page.clone()))
    }

    /// Returns the page that failed; none when it was a retry already.
    pub fn retry(&mut self) -> Option<Param> {
        self.is_retry = !self.is_retry;
        self.is_retry.then(|| Param::BigInts(self.page.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_page_is_read_once_more() {
        let page = |oids: &[i64]| Some(Param::BigInts(oids.to_vec()));
        let mut pages = OidPages::default();
        pages.restart(vec![1, 2, 3]);
        assert_eq!(pages.next(2), page(&[2, 3]));
        assert_eq!((pages.retry(), pages.retry()), (page(&[2, 3]), None));
        assert_eq!((pages.next(2), pages.retry()), (page(&[1]), page(&[1])));
        assert_eq!(pages.next(2), None);
    }
}
