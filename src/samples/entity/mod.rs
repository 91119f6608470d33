//! The tables of the store, one file each.

#![expect(unreachable_pub, reason = "SeaORM's derives make their own types pub")]

pub(super) mod block;
pub(super) mod entry;
pub(super) mod gap;
pub(super) mod orphan;
pub(super) mod segment;
pub(super) mod shipment;
pub(super) mod shipped;
pub(super) mod tail;
pub(super) mod word;
