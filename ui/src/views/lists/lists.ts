import type { Data, GetPath } from '@/api/read'
import type { Column } from '@/text/columns'

interface Definition<R> {
  title: string
  /** What else to ask for. */
  query?: Record<string, string | number | boolean>
  /** Whether the answer is about the window of the page. */
  spans?: boolean
  source: string
  rowKey: (row: R) => string
  columns: Column<R>[]
  order?: string
  empty?: string
  /** What to know when reading it. */
  note?: string
}

/** A list of the API that is shown as a table. */
export interface ListPage<R = object> extends Definition<R> {
  path: GetPath
  /** The rows of the answer of `path`. */
  rows: (answer: unknown) => R[]
}

/** A list page, with its rows taken from what its path answers. */
export function list<P extends GetPath, R extends object>(page: Definition<R> & { path: P; rows: (answer: Data<P>) => R[] }): ListPage<R> {
  return { ...page, rows: (answer) => page.rows(answer as Data<P>) }
}
