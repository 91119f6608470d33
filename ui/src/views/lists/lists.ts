import type { Data, GetPath } from '@/api/read'
import type { Column } from '@/text/columns'

/** A list of the API that is shown as a table. */
export interface ListPage<P extends GetPath = GetPath, R extends object = object> {
  title: string
  path: P
  /** What else to ask for. */
  query?: Record<string, string | number | boolean>
  /** Whether the answer is about the window of the page. */
  spans?: boolean
  source: string
  /** The rows of the answer, where it is no list itself. */
  rows: (answer: Data<P>) => R[]
  rowKey: (row: R) => string
  columns: Column<R>[]
  order?: string
  empty?: string
  /** What to know when reading it. */
  note?: string
}

/** Ties the types of a list together. */
export function list<P extends GetPath, R extends object>(page: ListPage<P, R>): ListPage<P, R> {
  return page
}
