import { list } from './lists'

const sizes = 'pg_stat_user_tables, sizes every 300 s'

export const tables = list({
  title: 'Tables',
  path: '/api/v1/databases/{id}/tables',
  query: { limit: 500 },
  source: sizes,
  rows: (answer) => answer,
  rowKey: (row) => `${row.database_name}/${row.schema_name}.${row.table_name}`,
  columns: [
    {
      key: 'table', title: 'Table', mono: true, value: (row) => `${row.schema_name}.${row.table_name}`,
      to: (row) => ({ name: 'table', params: { schema: row.schema_name, table: row.table_name }, query: { database: row.database_name } })
    },
    { key: 'database', title: 'Database', value: (row) => row.database_name },
    { key: 'size', title: 'Size', unit: 'bytes', value: (row) => row.total_size_bytes, hint: 'with indexes and TOAST' },
    { key: 'indexes', title: 'Indexes', unit: 'bytes', value: (row) => row.index_size_bytes },
    { key: 'live', title: 'Rows', unit: 'count', value: (row) => row.n_live_tup },
    { key: 'dead', title: 'Dead', unit: 'count', value: (row) => row.n_dead_tup },
    {
      key: 'deadShare', title: 'Dead', unit: 'ratio', hint: 'of all rows',
      value: (row) => (row.n_dead_tup === null || row.n_live_tup === null || row.n_dead_tup + row.n_live_tup === 0 ? null : row.n_dead_tup / (row.n_dead_tup + row.n_live_tup)),
      tone: (row) => ((row.n_dead_tup ?? 0) > Math.max(1000, row.n_live_tup ?? 0) ? 'warn' : null)
    },
    { key: 'seq', title: 'Seq scans', unit: 'count', value: (row) => row.seq_scan },
    { key: 'idx', title: 'Index scans', unit: 'count', value: (row) => row.idx_scan },
    { key: 'inserted', title: 'Inserted', unit: 'count', value: (row) => row.n_tup_ins },
    { key: 'updated', title: 'Updated', unit: 'count', value: (row) => row.n_tup_upd },
    { key: 'deleted', title: 'Deleted', unit: 'count', value: (row) => row.n_tup_del },
    { key: 'vacuum', title: 'Vacuumed', time: true, value: (row) => newest(row.last_vacuum, row.last_autovacuum) },
    { key: 'analyze', title: 'Analysed', time: true, value: (row) => newest(row.last_analyze, row.last_autoanalyze) }
  ],
  order: '-size'
})

function newest(...times: (string | null)[]): string | null {
  return times.filter((time): time is string => time !== null).sort().pop() ?? null
}

export const indexes = list({
  title: 'Indexes',
  path: '/api/v1/databases/{id}/indexes',
  query: { limit: 500 },
  source: 'pg_stat_user_indexes',
  rows: (answer) => answer,
  rowKey: (row) => `${row.database_name}/${row.schema_name}.${row.index_name}`,
  columns: [
    { key: 'index', title: 'Index', mono: true, value: (row) => row.index_name },
    { key: 'table', title: 'Table', mono: true, value: (row) => `${row.schema_name}.${row.table_name}`, to: (row) => ({ name: 'table', params: { schema: row.schema_name, table: row.table_name }, query: { database: row.database_name } }) },
    { key: 'size', title: 'Size', unit: 'bytes', value: (row) => row.size_bytes },
    { key: 'scans', title: 'Scans', unit: 'count', value: (row) => row.idx_scan, tone: (row) => (row.idx_scan === 0 && !row.is_unique ? 'warn' : null) },
    { key: 'read', title: 'Rows read', unit: 'count', value: (row) => row.idx_tup_read },
    { key: 'last', title: 'Last scan', time: true, value: (row) => row.last_idx_scan },
    { key: 'kind', title: 'Kind', value: (row) => (row.is_primary ? 'primary key' : row.is_unique ? 'unique' : '') },
    { key: 'valid', title: 'Valid', value: (row) => row.is_valid, tone: (row) => (row.is_valid === false ? 'bad' : null) },
    { key: 'definition', title: 'Definition', mono: true, wide: true, value: (row) => row.index_def }
  ],
  order: '-size'
})

export const vacuum = list({
  title: 'Vacuum',
  path: '/api/v1/databases/{id}/vacuum',
  query: { limit: 500 },
  source: 'pg_stat_user_tables, pg_class, pg_settings',
  note: 'Each table against what starts an autovacuum on it.',
  rows: (answer) => answer.tables,
  rowKey: (row) => `${row.database_name}/${row.schema_name}.${row.table_name}`,
  columns: [
    { key: 'table', title: 'Table', mono: true, value: (row) => `${row.schema_name}.${row.table_name}`, to: (row) => ({ name: 'table', params: { schema: row.schema_name, table: row.table_name }, query: { database: row.database_name } }) },
    { key: 'due', title: 'Due', value: (row) => (row.due ? '◆ due' : ''), tone: () => 'warn' },
    { key: 'autovacuum', title: 'Autovacuum', value: (row) => (row.autovacuum_enabled ? 'on' : '▲ off'), tone: (row) => (row.autovacuum_enabled ? null : 'bad') },
    { key: 'dead', title: 'Dead rows', unit: 'count', value: (row) => row.dead_tuples },
    { key: 'trigger', title: 'Trigger', unit: 'count', value: (row) => row.vacuum_trigger },
    { key: 'triggerPct', title: 'of trigger', unit: 'pct', value: (row) => row.vacuum_trigger_pct, tone: (row) => ((row.vacuum_trigger_pct ?? 0) > 200 ? 'warn' : null) },
    { key: 'insertPct', title: 'Inserts, of trigger', unit: 'pct', value: (row) => row.insert_trigger_pct },
    { key: 'age', title: 'Age', unit: 'count', value: (row) => row.xid_age, hint: 'of its oldest transaction id' },
    { key: 'freeze', title: 'of freeze age', unit: 'pct', value: (row) => row.freeze_pct },
    { key: 'vacuumed', title: 'Vacuumed', time: true, value: (row) => newest(row.last_vacuum, row.last_autovacuum) }
  ],
  order: '-triggerPct'
})

export const sequences = list({
  title: 'Sequences',
  path: '/api/v1/databases/{id}/sequences',
  query: { limit: 500 },
  source: 'pg_sequences, every 300 s',
  rows: (answer) => answer,
  rowKey: (row) => `${row.database_name}/${row.schema_name}.${row.sequence_name}`,
  columns: [
    { key: 'sequence', title: 'Sequence', mono: true, value: (row) => `${row.schema_name}.${row.sequence_name}` },
    { key: 'used', title: 'Used', unit: 'pct', value: (row) => row.used_pct, tone: (row) => ((row.used_pct ?? 0) >= 75 ? 'warn' : null) },
    { key: 'last', title: 'Last value', unit: 'count', value: (row) => row.last_value },
    { key: 'remaining', title: 'Left', unit: 'count', value: (row) => row.remaining },
    { key: 'limit', title: 'Ends at', unit: 'count', value: (row) => row.limit_value },
    { key: 'by', title: 'Ended by', value: (row) => (row.limited_by === 'column' ? `column ${row.column_name} ${row.column_type}` : row.data_type) },
    { key: 'table', title: 'Table', mono: true, value: (row) => row.table_name },
    { key: 'cycle', title: 'Begins anew', value: (row) => row.cycle }
  ],
  order: '-used',
  empty: 'No sequence.'
})

export const replication = list({
  title: 'Standbys',
  path: '/api/v1/databases/{id}/replication',
  source: 'pg_stat_replication, every 10 s',
  rows: (answer) => answer.standbys,
  rowKey: (row) => `${row.application_name}/${row.client_addr}/${row.pid}`,
  columns: [
    { key: 'name', title: 'Standby', value: (row) => row.application_name },
    { key: 'address', title: 'Address', value: (row) => row.client_addr },
    { key: 'state', title: 'State', value: (row) => row.state },
    { key: 'sync', title: 'Sync', value: (row) => row.sync_state },
    { key: 'sent', title: 'Not sent', unit: 'bytes', value: (row) => row.sent_lag_bytes },
    { key: 'flush', title: 'Not flushed', unit: 'bytes', value: (row) => row.flush_lag_bytes },
    { key: 'replay', title: 'Not replayed', unit: 'bytes', value: (row) => row.replay_lag_bytes },
    { key: 'lag', title: 'Lag', unit: 'seconds', value: (row) => row.replay_lag_seconds },
    { key: 'user', title: 'User', value: (row) => row.user_name }
  ],
  order: '-replay',
  empty: 'No standby is connected.'
})

export const slots = list({
  title: 'Replication slots',
  path: '/api/v1/databases/{id}/replication',
  source: 'pg_replication_slots, every 10 s',
  rows: (answer) => answer.slots,
  rowKey: (row) => row.slot_name,
  columns: [
    { key: 'slot', title: 'Slot', mono: true, value: (row) => row.slot_name },
    { key: 'kind', title: 'Kind', value: (row) => row.slot_type },
    { key: 'active', title: 'Active', value: (row) => (row.active ? '✓ yes' : '◆ no'), tone: (row) => (row.active ? 'good' : 'warn') },
    { key: 'lag', title: 'Keeps back', unit: 'bytes', value: (row) => row.lag_bytes },
    { key: 'wal', title: 'WAL', value: (row) => row.wal_status, tone: (row) => (row.wal_status === 'lost' || row.wal_status === 'unreserved' ? 'bad' : null) },
    { key: 'inactive', title: 'Inactive since', time: true, value: (row) => row.inactive_since },
    { key: 'database', title: 'Database', value: (row) => row.database },
    { key: 'plugin', title: 'Plugin', value: (row) => row.plugin },
    { key: 'invalid', title: 'Invalid', value: (row) => row.invalidation_reason, tone: () => 'bad' }
  ],
  order: '-lag',
  empty: 'No replication slot.'
})

export const subscriptions = list({
  title: 'Subscriptions',
  path: '/api/v1/databases/{id}/subscriptions',
  source: 'pg_stat_subscription',
  rows: (answer) => answer,
  rowKey: (row) => `${row.subscription_name}/${row.pid}/${row.table_oid}`,
  columns: [
    { key: 'name', title: 'Subscription', value: (row) => row.subscription_name },
    { key: 'enabled', title: 'Enabled', value: (row) => row.enabled },
    { key: 'worker', title: 'Worker', value: (row) => row.worker_type },
    { key: 'pending', title: 'Not applied', unit: 'bytes', value: (row) => row.pending_bytes },
    { key: 'received', title: 'Last message', time: true, value: (row) => row.last_msg_received },
    { key: 'apply', title: 'Apply errors', unit: 'count', value: (row) => row.apply_error_count },
    { key: 'conflicts', title: 'Conflicts', unit: 'count', value: (row) => row.conflict_count }
  ],
  empty: 'No subscription.'
})

export const extensions = list({
  title: 'Extensions',
  path: '/api/v1/databases/{id}/extensions',
  source: 'pg_extension, every 300 s',
  rows: (answer) => answer,
  rowKey: (row) => `${row.database_name}/${row.name}`,
  columns: [
    { key: 'name', title: 'Extension', mono: true, value: (row) => row.name },
    { key: 'version', title: 'Version', value: (row) => row.version },
    { key: 'update', title: 'Update', value: (row) => (row.update_available ? `to ${row.available_version}` : ''), tone: () => 'warn' },
    { key: 'schema', title: 'Schema', mono: true, value: (row) => row.schema },
    { key: 'database', title: 'Database', value: (row) => row.database_name }
  ],
  order: 'name'
})
