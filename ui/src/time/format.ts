export type Zone = 'utc' | 'local'

const pad = (value: number, width = 2) => String(value).padStart(width, '0')

interface Parts {
  date: string
  clock: string
  seconds: string
}

function parts(time: number, zone: Zone): Parts {
  const moment = new Date(zone === 'utc' ? time : time - new Date(time).getTimezoneOffset() * 60e3)
  return {
    date: `${moment.getUTCFullYear()}-${pad(moment.getUTCMonth() + 1)}-${pad(moment.getUTCDate())}`,
    clock: `${pad(moment.getUTCHours())}:${pad(moment.getUTCMinutes())}`,
    seconds: pad(moment.getUTCSeconds())
  }
}

/** `2026-11-30 09:04:10` */
export function dateTime(time: number, zone: Zone): string {
  const { date, clock, seconds } = parts(time, zone)
  return `${date} ${clock}:${seconds}`
}

/** `09:04:10` */
export function clockTime(time: number, zone: Zone): string {
  const { clock, seconds } = parts(time, zone)
  return `${clock}:${seconds}`
}

/** The least that tells moments of a window of `spanMs` apart that are `stepMs` from each other: `09:04:10`, `09:04`, `11-30 09:04`, `11-30`. */
export function tick(time: number, stepMs: number, spanMs: number, zone: Zone): string {
  const { date, clock, seconds } = parts(time, zone)
  if (stepMs < 60e3) return `${clock}:${seconds}`
  if (spanMs <= 36 * 3600e3) return clock === '00:00' ? date.slice(5) : clock
  return spanMs <= 10 * 86400e3 && clock !== '00:00' ? `${date.slice(5)} ${clock}` : date.slice(5)
}

/** `09:04 – 10:04`, with the dates where the ends lie on different days or on another day than `now`. */
export function windowText(since: number, until: number, now: number, zone: Zone): string {
  const [first, last, today] = [parts(since, zone), parts(until, zone), parts(now, zone)]
  if (first.date === last.date && last.date === today.date) return `${first.clock} – ${last.clock}`
  if (first.date === last.date) return `${first.date} ${first.clock} – ${last.clock}`
  return `${first.date.slice(5)} ${first.clock} – ${last.date.slice(5)} ${last.clock}`
}

/** `4 min 12 s`: the two largest units of a length of time, or `0.68 ms`. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–'
  if (ms < 0) return `−${duration(-ms)}`
  if (ms < 1) return ms === 0 ? '0 ms' : `${Number(ms.toPrecision(2))} ms`
  if (ms < 1000) return `${Number(ms.toPrecision(3))} ms`
  if (ms < 60e3) return `${Number((ms / 1000).toPrecision(3))} s`
  const units: [string, number][] = [['d', 86400e3], ['h', 3600e3], ['min', 60e3], ['s', 1e3]]
  const index = units.findIndex(([, size]) => ms >= size)
  const [name, size] = units[index]
  const rest = units[index + 1] ? Math.floor((ms % size) / units[index + 1][1]) : 0
  return rest > 0 ? `${Math.floor(ms / size)} ${name} ${rest} ${units[index + 1][0]}` : `${Math.floor(ms / size)} ${name}`
}

/** `2 s ago`, one unit; null is a dash. */
export function ago(time: number | null, now: number): string {
  if (time === null) return '–'
  const ms = Math.max(0, now - time)
  if (ms < 60e3) return `${Math.round(ms / 1000)} s ago`
  if (ms < 3600e3) return `${Math.round(ms / 60e3)} min ago`
  return ms < 86400e3 * 2 ? `${Math.round(ms / 3600e3)} h ago` : `${Math.round(ms / 86400e3)} d ago`
}
