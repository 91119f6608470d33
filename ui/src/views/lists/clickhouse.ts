import { list } from './lists'

export const parts = list({
  title: 'Parts',
  path: '/api/v1/databases/{id}/parts',
  query: { limit: 500 },
  source: 'system.parts, every 60 s',
  rows: (answer) => answer,
  rowKey: (row) => `${row.host_name}/${row.database}.${row.table}`,
  columns: [
    { key: 'table', title: 'Table', mono: true, value: (row) => `${row.database}.${row.table}`, to: (row) => ({ name: 'table', params: { schema: row.database, table: row.table } }) },
    { key: 'max', title: 'Parts, fullest', unit: 'count', value: (row) => row.max_parts_in_partition, hint: 'in the partition that has most' },
    {
      key: 'limit', title: 'of limit', unit: 'pct', hint: 'at 100 % inserts fail',
      value: (row) => (row.parts_to_throw_insert ? (100 * row.max_parts_in_partition) / row.parts_to_throw_insert : null),
      tone: (row) => (row.parts_to_delay_insert && row.max_parts_in_partition >= row.parts_to_delay_insert ? 'bad' : null)
    },
    { key: 'delay', title: 'Slow from', unit: 'count', value: (row) => row.parts_to_delay_insert },
    { key: 'throw', title: 'Fail from', unit: 'count', value: (row) => row.parts_to_throw_insert },
    { key: 'parts', title: 'Parts', unit: 'count', value: (row) => row.active_parts },
    { key: 'partitions', title: 'Partitions', unit: 'count', value: (row) => row.partitions },
    { key: 'rows', title: 'Rows', unit: 'count', value: (row) => row.rows },
    { key: 'bytes', title: 'On disk', unit: 'bytes', value: (row) => row.bytes_on_disk },
    { key: 'ratio', title: 'Compression', unit: 'count', value: (row) => row.compression_ratio },
    { key: 'detached', title: 'Detached', unit: 'count', value: (row) => row.detached_parts },
    { key: 'modified', title: 'Last change', time: true, value: (row) => row.last_modification }
  ],
  order: '-limit',
  empty: 'No table of the MergeTree family.'
})

export const merges = list({
  title: 'Merges',
  path: '/api/v1/databases/{id}/merges',
  query: { limit: 500 },
  source: 'system.merges, every 10 s',
  rows: (answer) => answer,
  rowKey: (row) => `${row.host_name}/${row.result_part_name}/${row.database}.${row.table}`,
  columns: [
    { key: 'table', title: 'Table', mono: true, value: (row) => `${row.database}.${row.table}` },
    { key: 'kind', title: 'Kind', value: (row) => (row.is_mutation ? 'mutation' : (row.merge_type ?? 'merge')) },
    { key: 'progress', title: 'Done', unit: 'pct', value: (row) => row.progress_pct },
    { key: 'elapsed', title: 'Runs for', unit: 'ms', value: (row) => row.elapsed_ms },
    { key: 'parts', title: 'Parts', unit: 'count', value: (row) => row.num_parts },
    { key: 'size', title: 'Size', unit: 'bytes', value: (row) => row.total_size_bytes_compressed },
    { key: 'read', title: 'Rows read', unit: 'count', value: (row) => row.rows_read },
    { key: 'written', title: 'Rows written', unit: 'count', value: (row) => row.rows_written },
    { key: 'memory', title: 'Memory', unit: 'bytes', value: (row) => row.memory_usage },
    { key: 'part', title: 'Into part', mono: true, value: (row) => row.result_part_name },
    { key: 'host', title: 'Node', value: (row) => row.host_name }
  ],
  order: '-elapsed',
  empty: 'No merge runs right now.'
})

export const mutations = list({
  title: 'Mutations',
  path: '/api/v1/databases/{id}/mutations',
  query: { limit: 500 },
  source: 'system.mutations, every 10 s',
  rows: (answer) => answer,
  rowKey: (row) => `${row.host_name}/${row.database}.${row.table}/${row.mutation_id}`,
  columns: [
    { key: 'table', title: 'Table', mono: true, value: (row) => `${row.database}.${row.table}` },
    {
      key: 'state', title: 'State', value: (row) => (row.stuck ? '▲ stuck' : row.is_killed ? 'killed' : row.is_done ? '✓ done' : 'running'),
      tone: (row) => (row.stuck ? 'bad' : null)
    },
    { key: 'command', title: 'Command', mono: true, wide: true, value: (row) => row.command },
    { key: 'parts', title: 'Parts to do', unit: 'count', value: (row) => row.parts_to_do },
    { key: 'begun', title: 'Begun', time: true, value: (row) => row.create_time },
    { key: 'failed', title: 'Last failed', time: true, value: (row) => row.latest_fail_time },
    { key: 'reason', title: 'Why', wrap: true, value: (row) => [row.latest_fail_error_code_name, row.latest_fail_reason].filter(Boolean).join(': ') },
    { key: 'id', title: 'Id', mono: true, value: (row) => row.mutation_id }
  ],
  order: 'begun',
  empty: 'No mutation runs or ended within the last day.'
})

export const logTables = list({
  title: 'Log tables',
  path: '/api/v1/databases/{id}/log-tables',
  source: 'system.tables, system.parts, every 300 s',
  rows: (answer) => answer,
  rowKey: (row) => `${row.host_name}/${row.name}`,
  columns: [
    { key: 'name', title: 'Table', mono: true, value: (row) => `system.${row.name}` },
    { key: 'bytes', title: 'On disk', unit: 'bytes', value: (row) => row.bytes_on_disk },
    { key: 'rows', title: 'Rows', unit: 'count', value: (row) => row.rows },
    { key: 'growth', title: 'Grows a day', unit: 'bytes', value: (row) => row.growth_bytes_per_day },
    { key: 'oldest', title: 'From', value: (row) => row.oldest_day },
    { key: 'newest', title: 'To', value: (row) => row.newest_day },
    { key: 'ttl', title: 'TTL', value: (row) => row.ttl ?? (row.has_ttl ? 'yes' : 'none'), tone: (row) => (row.has_ttl === false ? 'warn' : null) },
    { key: 'remark', title: 'Remark', wrap: true, value: (row) => row.remark },
    { key: 'fix', title: 'What helps', mono: true, wrap: true, value: (row) => row.fix }
  ],
  order: '-bytes'
})

export const replicas = list({
  title: 'Replicas',
  path: '/api/v1/databases/{id}/replication',
  source: 'system.replicas, system.replication_queue, every 60 s',
  rows: (answer) => answer.replicas ?? [],
  rowKey: (row) => `${row.host_name}/${row.database}.${row.table}`,
  columns: [
    { key: 'table', title: 'Table', mono: true, value: (row) => `${row.database}.${row.table}` },
    { key: 'host', title: 'Node', value: (row) => row.host_name },
    { key: 'delay', title: 'Delay', unit: 'seconds', value: (row) => row.absolute_delay_seconds },
    { key: 'readonly', title: 'Read only', value: (row) => row.is_readonly, tone: (row) => (row.is_readonly ? 'bad' : null) },
    { key: 'queue', title: 'Queue', unit: 'count', value: (row) => row.queue_size },
    { key: 'inserts', title: 'Inserts', unit: 'count', value: (row) => row.inserts_in_queue },
    { key: 'merges', title: 'Merges', unit: 'count', value: (row) => row.merges_in_queue },
    { key: 'oldest', title: 'Oldest', time: true, value: (row) => row.queue_oldest_time },
    { key: 'exception', title: 'Last exception', wrap: true, value: (row) => row.last_queue_update_exception ?? row.keeper_exception }
  ],
  order: '-delay',
  empty: 'No replicated table.'
})

export const cluster = list({
  title: 'Nodes',
  path: '/api/v1/databases/{id}/cluster',
  source: 'system.clusters, every 10 s',
  rows: (answer) => answer,
  rowKey: (row) => `${row.shard_num}/${row.replica_num}`,
  columns: [
    { key: 'shard', title: 'Shard', value: (row) => String(row.shard_num) },
    { key: 'replica', title: 'Replica', value: (row) => String(row.replica_num) },
    { key: 'host', title: 'Node', mono: true, value: (row) => `${row.host_name}:${row.port}` },
    { key: 'answered', title: 'Answered', value: (row) => (row.answered ? '✓ yes' : '▲ no'), tone: (row) => (row.answered ? 'good' : 'bad') },
    { key: 'version', title: 'Version', value: (row) => row.version },
    { key: 'up', title: 'Up for', unit: 'seconds', value: (row) => row.uptime_seconds }
  ],
  empty: 'This registration names no cluster.'
})

export const errors = list({
  title: 'Errors',
  path: '/api/v1/databases/{id}/errors',
  query: { limit: 500 },
  spans: true,
  source: 'system.errors, every 60 s',
  rows: (answer) => answer,
  rowKey: (row) => `${row.code}/${row.remote}`,
  columns: [
    { key: 'name', title: 'Error', mono: true, value: (row) => row.name },
    { key: 'code', title: 'Code', value: (row) => String(row.code) },
    { key: 'count', title: 'Times', unit: 'count', value: (row) => row.count },
    { key: 'remote', title: 'From elsewhere', value: (row) => row.remote },
    { key: 'last', title: 'Last', time: true, value: (row) => row.last_error_at },
    { key: 'message', title: 'Message', wide: true, value: (row) => row.message }
  ],
  order: '-count',
  empty: 'No error within the window.'
})

export const tables = list({
  title: 'Tables',
  path: '/api/v1/databases/{id}/tables',
  query: { limit: 500 },
  source: 'system.tables, system.parts, every 60 s',
  rows: (answer) => answer,
  rowKey: (row) => `${row.schema_name}.${row.table_name}`,
  columns: [
    { key: 'table', title: 'Table', mono: true, value: (row) => `${row.schema_name}.${row.table_name}`, to: (row) => ({ name: 'table', params: { schema: row.schema_name, table: row.table_name } }) },
    { key: 'engine', title: 'Engine', value: (row) => row.engine },
    { key: 'size', title: 'On disk', unit: 'bytes', value: (row) => row.total_size_bytes },
    { key: 'rows', title: 'Rows', unit: 'count', value: (row) => row.n_live_tup },
    { key: 'ratio', title: 'Compression', unit: 'count', value: (row) => row.compression_ratio },
    { key: 'parts', title: 'Parts', unit: 'count', value: (row) => row.active_parts },
    { key: 'partitions', title: 'Partitions', unit: 'count', value: (row) => row.partitions },
    { key: 'fullest', title: 'Parts, fullest', unit: 'count', value: (row) => row.max_parts_in_partition },
    { key: 'hosts', title: 'Nodes', unit: 'count', value: (row) => row.hosts }
  ],
  order: '-size'
})
