import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { bucketFor, refreshEvery } from '@/time/bucket'
import { useRange } from '@/time/range'
import { isLive, resolve, type Span, type Window } from '@/time/span'
import { api, refusal } from './client'
import type { paths } from './schema'

type Get<P extends keyof paths> = paths[P]['get']

/** The paths that answer a GET. */
export type GetPath = { [P in keyof paths]: Get<P> extends { responses: unknown } ? P : never }[keyof paths]

/** What a path answers with. */
export type Data<P extends GetPath> =
  Get<P> extends { responses: { 200: { content: { 'application/json': infer T } } } } ? T : never

export interface Parameters {
  path?: Record<string, string>
  query?: Record<string, string | number | boolean | undefined>
}

/** An answer with all that a panel has to say about it. */
export interface Reading<T> {
  data: T
  /** Rows there were before `limit`; null where it is no list. */
  total: number | null
  /** Why a list is empty, where the server says so. */
  unavailable: string | null
  window: Window | null
  bucket: number | null
  at: number
  /** The call, to be repeated by hand. */
  call: string
}

export interface ReadOptions {
  /** Ask for the window of the page, or for another one. */
  span?: 'page' | 'focus' | MaybeRefOrGetter<Span | null>
  /** Move the window to so many milliseconds before. */
  earlier?: MaybeRefOrGetter<number>
  /** Also ask for buckets that suit a chart of the window, of about so many points. */
  points?: number
  enabled?: MaybeRefOrGetter<boolean>
  /** Milliseconds between two questions; what suits the window if not given. */
  every?: number | false
}

/** Reads `path` now and again, and keeps what was read last until there is something newer. */
export function useRead<P extends GetPath>(path: P, parameters: () => Parameters, options: ReadOptions = {}) {
  const range = useRange()
  const span = computed<Span | null>(() => {
    if (options.span === undefined) return null
    if (options.span === 'page') return range.span.value
    if (options.span === 'focus') return range.focus.value
    return toValue(options.span)
  })
  const earlier = computed(() => toValue(options.earlier) ?? 0)

  const query = useQuery<Reading<Data<P>>>({
    queryKey: [path, computed(() => JSON.stringify(parameters())), span, earlier, options.points ?? null],
    queryFn: ({ signal }) => readOnce(path, parameters(), { span: span.value, earlier: earlier.value, points: options.points }, signal),
    enabled: options.enabled === undefined ? undefined : computed(() => toValue(options.enabled) ?? true),
    refetchInterval: () => {
      if (options.every !== undefined) return options.every
      if (span.value === null) return 10e3
      if (!isLive(span.value)) return false
      return refreshEvery(resolve(span.value, Date.now()) ?? { since: 0, until: 0 })
    },
    placeholderData: keepPreviousData
  })

  return {
    reading: query.data,
    data: computed(() => query.data.value?.data),
    error: query.error,
    pending: query.isPending,
    refetch: query.refetch
  }
}

export type Read<P extends GetPath> = ReturnType<typeof useRead<P>>

interface WindowOptions {
  span?: Span | null
  earlier?: number
  points?: number
}

/** Reads `path` once. */
export async function readOnce<P extends GetPath>(
  path: P,
  parameters: Parameters,
  options: WindowOptions = {},
  signal?: AbortSignal
): Promise<Reading<Data<P>>> {
  const now = Date.now()
  const whole = options.span ? resolve(options.span, now) : null
  const earlier = options.earlier ?? 0
  const window = whole && { since: whole.since - earlier, until: whole.until - earlier }
  const bucket = window && options.points ? bucketFor(window, now, options.points) : null
  const query = {
    ...parameters.query,
    // A bucket is whole or not there: the window begins where one begins.
    ...(window && { since: new Date(bucket ? Math.floor(window.since / bucket / 1000) * bucket * 1000 : window.since).toISOString() }),
    ...(window && { until: new Date(Math.min(window.until, now)).toISOString() }),
    ...(bucket && { bucket })
  }
  // The path decides the types; inside, all paths are alike.
  const get = api.GET as unknown as (path: string, init: object) => Promise<{ data?: unknown; error?: unknown; response: Response }>
  const { data, error, response } = await get(path, { params: { path: parameters.path, query }, signal })
  if (!response.ok) throw refusal(response, error)

  const reason = response.headers.get('X-Unavailable-Reason')
  const total = response.headers.get('X-Total-Count')
  return {
    data: data as Data<P>,
    total: total === null ? null : Number(total),
    unavailable: reason === null ? null : decodeURIComponent(reason),
    window,
    bucket,
    at: now,
    call: response.url.replace(location.origin, '') || path
  }
}
