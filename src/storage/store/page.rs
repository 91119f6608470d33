//! A part of a list.

use sea_orm::{EntityTrait, QuerySelect, Select};

/// Which rows of a list are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    pub limit: u64,
    /// How many come before.
    pub offset: u64,
}

impl Page {
    /// Everything.
    pub const ALL: Self = Self { limit: i64::MAX.unsigned_abs(), offset: 0 };

    /// `query` limited to this page; it has to be in an order.
    pub(super) fn of<E: EntityTrait>(self, query: Select<E>) -> Select<E> {
        query.limit(self.limit).offset(self.offset)
    }
}
