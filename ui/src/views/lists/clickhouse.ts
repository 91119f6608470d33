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
