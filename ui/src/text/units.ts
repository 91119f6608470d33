import { duration } from '@/time/format'

/** How a figure is written. */
export type UnitName = 'count' | 'bytes' | 'ms' | 'seconds' | 'pct' | 'ratio' | 'rate' | 'byteRate' | 'load' | 'plain'

export const unknown = '–'

/** `1,204`, `38.2 k`, `1.9 M`: whole below ten thousand, then three figures. */
export function count(value: number | null | undefined): string {
  if (value === null || value === undefined) return unknown
  const size = Math.abs(value)
  if (size < 0.01 && size > 0) return String(Number(value.toPrecision(1)))
  if (size < 10_000) return Number.isInteger(value) ? grouped(value) : grouped(Number(value.toPrecision(3)))
  const scale = size < 1e6 ? 3 : size < 1e9 ? 6 : size < 1e12 ? 9 : 12
  return `${Number((value / 10 ** scale).toPrecision(3))} ${{ 3: 'k', 6: 'M', 9: 'G', 12: 'T' }[scale]}`
}

function grouped(value: number): string {
  const [whole, fraction] = String(value).split('.')
  const separated = whole.replace(/\B(?=(\d{3})+$)/g, ',').replace('-', '−')
  return fraction ? `${separated}.${fraction}` : separated
}

/** `4.55 MiB` */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return unknown
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  let size = Math.abs(value)
  let unit = 0
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024
    unit += 1
  }
  const figures = unit === 0 ? Math.round(size) : Number(size.toPrecision(3))
  return `${value < 0 ? '−' : ''}${grouped(figures)} ${units[unit]}`
}

/** `52.3 %`, of a value that is in per cent already. */
export function percent(value: number | null | undefined): string {
  if (value === null || value === undefined) return unknown
  return `${grouped(Number(value.toFixed(Math.abs(value) < 10 ? 2 : 1)))} %`
}

/** `+1,280 %`: by how much `after` differs from `before`; null where there is nothing to compare with. */
export function change(before: number | null | undefined, after: number | null | undefined): string | null {
  if (!before || after === null || after === undefined) return null
  const share = (after / before - 1) * 100
  if (share > 9_999) return `× ${count(Math.round(after / before))}`
  const rounded = Math.abs(share) < 10 ? Number(share.toFixed(1)) : Math.round(share)
  return `${rounded > 0 ? '+' : ''}${grouped(rounded)} %`
}

const writers: Record<UnitName, (value: number | null | undefined) => string> = {
  count,
  bytes,
  ms: duration,
  seconds: (value) => duration(value === null || value === undefined ? null : value * 1000),
  pct: percent,
  ratio: (value) => percent(value === null || value === undefined ? null : value * 100),
  rate: (value) => (value === null || value === undefined ? unknown : `${count(Number(value.toPrecision(3)))} /s`),
  byteRate: (value) => (value === null || value === undefined ? unknown : `${bytes(value)}/s`),
  load: (value) => (value === null || value === undefined ? unknown : grouped(Number(value.toFixed(value < 10 ? 2 : 1)))),
  plain: (value) => (value === null || value === undefined ? unknown : String(value))
}

/** `value` in the words of `unit`; a dash for what is not known. */
export function written(value: number | null | undefined, unit: UnitName): string {
  return writers[unit](value)
}

/** `1 session`, `2 sessions` */
export function counted(value: number, noun: string, many = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : many}`
}
