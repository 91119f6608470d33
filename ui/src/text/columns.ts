import type { RouteLocationNamedRaw } from 'vue-router'
import type { Sort } from '@/state/address'
import type { UnitName } from './units'

export type Cell = string | number | boolean | null | undefined

/** A column of a table. */
export interface Column<R> {
  key: string
  title: string
  value: (row: R) => Cell
  /** How a number is written; columns with a unit are aligned to the right. */
  unit?: UnitName
  /** The value is a moment. */
  time?: boolean
  mono?: boolean
  /** Takes what room there is, cut where there is none. */
  wide?: boolean
  /** May take several lines. */
  wrap?: boolean
  to?: (row: R) => RouteLocationNamedRaw | null
  tone?: (row: R) => string | null
  hint?: string
}

export function isNumeric<R>(column: Column<R>): boolean {
  return column.unit !== undefined
}

function compared(a: Cell, b: Cell): number {
  if (typeof a === 'string' && typeof b === 'string') return a.localeCompare(b, undefined, { numeric: true })
  return Number(a) - Number(b)
}

export function isKnown(value: Cell): value is string | number | boolean {
  return value !== null && value !== undefined && value !== ''
}

/** `rows` in the order of `sort`; rows of which the value is not known come last either way. */
export function sorted<R>(rows: R[], columns: Column<R>[], sort: Sort): R[] {
  const column = columns.find(({ key }) => key === sort.key)
  if (!column) return rows
  return [...rows].sort((one, other) => {
    const [a, b] = [column.value(one), column.value(other)]
    if (!isKnown(a) || !isKnown(b)) return Number(isKnown(b)) - Number(isKnown(a))
    return sort.down ? compared(b, a) : compared(a, b)
  })
}

/** The rows in which every word of `filter` occurs in some column. */
export function filtered<R>(rows: R[], columns: Column<R>[], filter: string): R[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return rows
  return rows.filter((row) => {
    const text = columns.map((column) => String(column.value(row) ?? '')).join(' ').toLowerCase()
    return words.every((word) => text.includes(word))
  })
}
