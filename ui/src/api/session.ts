import { QueryCache, QueryClient } from '@tanstack/vue-query'
import { computed, ref } from 'vue'
import { api, ApiError, signedInBefore, unwrap, type Schemas } from './client'
import { onReturn } from '@/state/connection'

const me = ref<Schemas['Me'] | null>(null)

export const queries = new QueryClient({
  // A session that cannot be renewed has ended: the page asks to sign in again.
  queryCache: new QueryCache({ onError: (error) => void (error instanceof ApiError && error.status === 401 && (me.value = null)) }),
  defaultOptions: {
    queries: {
      staleTime: 5000,
      retry: false,
      // A server that is away is found again by `connection`, not by what the browser believes of its network.
      networkMode: 'always',
      refetchOnWindowFocus: true
    }
  }
})
onReturn(() => void queries.invalidateQueries())

export type Role = Schemas['Role']
const ladder: Role[] = ['viewer', 'member', 'admin', 'owner']

/** Who is signed in. */
export const session = {
  me,
  user: computed(() => me.value?.user ?? null),
  organization: computed(() => me.value?.organization ?? null),

  /** Whether the role of who is signed in is `least` or more. */
  may(least: Role): boolean {
    const role = me.value?.user?.role
    return role !== undefined && ladder.indexOf(role) >= ladder.indexOf(least)
  },

  /** Finds out who is signed in; null when nobody is. */
  async load(): Promise<Schemas['Me'] | null> {
    try {
      me.value = await unwrap(api.GET('/api/v1/auth/me'))
      signedInBefore.set(true)
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error
      me.value = null
    }
    return me.value
  },

  async signIn(email: string, password: string, code?: string): Promise<void> {
    await unwrap(api.POST('/api/v1/auth/login', { body: { email, password, ...(code && { code }) } }))
    signedInBefore.set(true)
    await session.load()
  },

  /** Makes an account and signs in. */
  async signUp(body: { name: string; email: string; password: string; org_name: string }): Promise<void> {
    await unwrap(api.POST('/api/v1/auth/signup', { body }))
    // What was known of the server before, such as that nobody had an account.
    queries.clear()
    signedInBefore.set(true)
    await session.load()
  },

  /** Signs in with the token of a link, which is spent. */
  async signInByLink(token: string): Promise<void> {
    await unwrap(api.POST('/api/v1/auth/login-link', { body: { token } }))
    // Somebody else may have been signed in: nothing of theirs stays.
    queries.clear()
    signedInBefore.set(true)
    await session.load()
  },

  async signOut(): Promise<void> {
    await unwrap(api.POST('/api/v1/auth/logout', {}))
    signedInBefore.set(false)
    me.value = null
    queries.clear()
  }
}
