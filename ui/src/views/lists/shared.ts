import { list } from './lists'

export const settings = list({
  title: 'Settings',
  path: '/api/v1/databases/{id}/settings',
  query: { changed: true },
  source: 'pg_settings or system.settings, every 300 s',
  note: 'Those that are set otherwise than built in, or wait for a restart.',
  rows: (answer) => answer,
  rowKey: (row) => row.name,
  columns: [
    { key: 'name', title: 'Setting', mono: true, value: (row) => row.name },
    { key: 'value', title: 'Value', mono: true, value: (row) => row.shown ?? row.setting },
    { key: 'built', title: 'Built in', mono: true, value: (row) => row.boot_val },
    { key: 'source', title: 'Set by', value: (row) => row.source },
    { key: 'restart', title: 'Waits for a restart', value: (row) => (row.pending_restart ? '◆ yes' : ''), tone: () => 'warn' },
    { key: 'category', title: 'Category', value: (row) => row.category },
    { key: 'description', title: 'What it does', wide: true, value: (row) => row.note ?? row.description }
  ],
  order: 'name'
})

export const settingsHistory = list({
  title: 'Changes of settings',
  path: '/api/v1/databases/{id}/settings/history',
  spans: true,
  source: 'comparing settings every 300 s',
  rows: (answer) => answer,
  rowKey: (row) => `${row.ts}/${row.name}`,
  columns: [
    { key: 'when', title: 'When', time: true, value: (row) => row.ts },
    { key: 'name', title: 'Setting', mono: true, value: (row) => row.name },
    { key: 'before', title: 'Before', mono: true, value: (row) => row.before },
    { key: 'after', title: 'After', mono: true, value: (row) => row.after }
  ],
  order: '-when',
  empty: 'No setting changed within the window.'
})
