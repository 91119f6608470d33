import createClient from 'openapi-fetch'
import type { components, paths } from './schema'
import { connection } from '@/state/connection'

export type Schemas = components['schemas']

/** An answer that is no success, or none at all (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field: string | null = null
  ) {
    super(message)
  }
}

/** Whether this browser was signed in, so that a session that ended may be renewed: the cookies themselves cannot be seen. */
export const signedInBefore = {
  get: () => localStorage.getItem('basira.signed-in') === 'yes',
  set: (value: boolean) => (value ? localStorage.setItem('basira.signed-in', 'yes') : localStorage.removeItem('basira.signed-in'))
}

let refreshing: Promise<boolean> | null = null

/** Asks for the next tokens, once for all requests that were refused meanwhile. */
async function refresh(): Promise<boolean> {
  if (!signedInBefore.get()) return false
  refreshing ??= fetch('/api/v1/auth/refresh', { method: 'POST' })
    .then((response) => response.ok)
    .finally(() => {
      refreshing = null
    })
  const renewed = await refreshing
  if (!renewed) signedInBefore.set(false)
  return renewed
}

/** Paths whose 401 says something about what was entered, not about the session. */
const aboutCredentials = /\/auth\/(login|refresh|signup|totp|change-password)/

async function fetchInSession(request: Request): Promise<Response> {
  const again = request.clone()
  let response
  try {
    response = await fetch(request)
    if (response.status === 401 && !aboutCredentials.test(request.url) && (await refresh())) response = await fetch(again)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    connection.failed()
    throw new ApiError(0, 'unreachable', 'the server does not answer')
  }
  connection.answered()
  return response
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: fetchInSession })

/** What openapi-fetch answers, as far as it matters here. */
interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

/** The data of an answer; an {@link ApiError} where it is a refusal. */
export async function unwrap<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call
  if (response.ok) return data as T
  throw refusal(response, error)
}

export function refusal(response: Response, body: unknown): ApiError {
  const { error, code, field } = (typeof body === 'object' && body !== null ? body : {}) as Partial<Schemas['Refusal']>
  const said = error ?? `the server answered ${response.status}`
  const wait = response.headers.get('Retry-After')
  return new ApiError(response.status, code ?? 'unknown', wait ? `${said}; try again in ${wait} s` : said, field ?? null)
}
