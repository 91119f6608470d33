//! The space that each organization takes, so that the largest loses data first.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};
use uuid::Uuid;

/// Sizes as they are stored, with what a row takes beside its values: its keys, and their index. The audit log counts
/// where it lives in the same database.
const SQL: &str = "SELECT organization_id, CAST(SUM(samples) AS BIGINT) AS samples_bytes,
        CAST(SUM(words) AS BIGINT) AS words_bytes, CAST(SUM(entries) AS BIGINT) AS entries_bytes,
        CAST(SUM(other) AS BIGINT) AS other_bytes
    FROM (
        SELECT organization_id, SUM(size_bytes + 200) AS samples, 0 AS words, 0 AS entries, 0 AS other
            FROM sample_segment GROUP BY organization_id
        UNION ALL SELECT organization_id, SUM(LENGTH(record) + 150), 0, 0, 0
            FROM sample_tail GROUP BY organization_id
        UNION ALL SELECT organization_id, 0, SUM(LENGTH(text) + 80), 0, 0
            FROM sample_word GROUP BY organization_id
        UNION ALL SELECT organization_id, 0, 0, SUM(LENGTH(CAST(labels AS TEXT)) + 150), 0
            FROM sample_entry GROUP BY organization_id
        UNION ALL SELECT organization_id, 0, 0, 0, COUNT(*) * 150 FROM sample_gap GROUP BY organization_id
        UNION ALL SELECT organization_id, 0, 0, 0, COUNT(*) * 500
            FROM audit_entry WHERE organization_id IS NOT NULL GROUP BY organization_id
    ) AS parts GROUP BY organization_id";

/// The space of one organization, in bytes.
#[derive(Debug, Clone, Copy, FromQueryResult)]
pub(super) struct OrganizationSize {
    pub(super) organization_id: Uuid,
    samples_bytes: i64,
    words_bytes: i64,
    entries_bytes: i64,
    other_bytes: i64,
}

/// What of an organization is deleted first: what takes most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Samples,
    Words,
    Entries,
}

impl OrganizationSize {
    const fn total(&self) -> i64 {
        self.samples_bytes + self.words_bytes + self.entries_bytes + self.other_bytes
    }

    /// None when nothing is left to delete.
    pub(super) fn largest(&self) -> Option<Kind> {
        let kinds = [
            (self.entries_bytes, Kind::Entries),
            (self.words_bytes, Kind::Words),
            (self.samples_bytes, Kind::Samples),
        ];
        kinds
            .into_iter()
            .max_by_key(|(bytes, _)| *bytes)
            .filter(|(bytes, _)| *bytes > 0)
            .map(|(_, kind)| kind)
    }

    /// Subtracts `bytes` of `kind`; none: all.
    fn reduce(&mut self, kind: Kind, bytes: Option<i64>) {
        let of_kind = match kind {
            Kind::Samples => &mut self.samples_bytes,
            Kind::Words => &mut self.words_bytes,
            Kind::Entries => &mut self.entries_bytes,
        };
        *of_kind = bytes.map_or(0, |bytes| of_kind.saturating_sub(bytes).max(1));
    }
}

/// The sizes of all organizations.
#[derive(Debug)]
pub(super) struct OrganizationSizes {
    shares: Vec<OrganizationSize>,
    fair_bytes: i64,
}

impl OrganizationSizes {
    /// Reads the sizes; the fair share is an equal part of `cap`.
    pub(super) async fn of<C: ConnectionTrait>(connection: &C, cap: u64) -> Result<Self, DbErr> {
        let statement = Statement::from_string(connection.get_database_backend(), SQL);
        let shares = OrganizationSize::find_by_statement(statement).all(connection).await?;
        let fair_bytes =
            i64::try_from(cap).unwrap_or(i64::MAX) / i64::try_from(shares.len().max(1)).unwrap_or(1);
        Ok(Self { shares, fair_bytes })
    }

    /// The organization that is furthest above its fair share, if it has anything that can go. One that has less than
    /// half of a fair share is not why the store is full: what else is in the file is.
    pub(super) fn heaviest(&self) -> Option<OrganizationSize> {
        let heaviest =
            self.shares.iter().filter(|share| share.largest().is_some()).max_by_key(|share| share.total());
        heaviest.filter(|share| share.total() > self.fair_bytes / 2).copied()
    }

    /// Of `kind` of the organization, `bytes` are gone; none: it has no more of it.
    pub(super) fn reduce(&mut self, organization: Uuid, kind: Kind, bytes: Option<i64>) {
        let of_organization = self.shares.iter_mut().find(|share| share.organization_id == organization);
        if let Some(share) = of_organization {
            share.reduce(kind, bytes);
        }
    }
}
