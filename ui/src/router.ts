import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { session } from './api/session'

declare module 'vue-router' {
  interface RouteMeta {
    /** Needs nobody to be signed in. */
    open?: boolean
    title?: string
  }
}

const ofDatabase: RouteRecordRaw[] = [
  { path: '', name: 'overview', component: () => import('./views/database/OverviewView.vue') },
  { path: 'queries', name: 'statements', meta: { title: 'Statements' }, component: () => import('./views/statements/StatementsView.vue') },
  { path: 'queries/:hash', name: 'statement', meta: { title: 'Statement' }, component: () => import('./views/statements/StatementView.vue') },
  { path: 'live', name: 'live', meta: { title: 'Live' }, component: () => import('./views/live/LiveView.vue') },
  { path: 'doctor', name: 'doctor', meta: { title: 'Doctor' }, component: () => import('./views/doctor/DoctorView.vue') },
  { path: 'events', name: 'events', meta: { title: 'Events' }, component: () => import('./views/events/EventsView.vue') },
  { path: 'collectors', name: 'collectors', meta: { title: 'Collectors' }, component: () => import('./views/collectors/CollectorsView.vue') },
  { path: 'list/:list', name: 'list', component: () => import('./views/lists/ListView.vue') },
  { path: 'charts/:charts', name: 'charts', component: () => import('./views/server/ChartsView.vue') },
  { path: 'tables/:schema/:table', name: 'table', meta: { title: 'Table' }, component: () => import('./views/lists/TableView.vue') }
]

const settings: RouteRecordRaw[] = [
  { path: '', redirect: { name: 'settings-databases' } },
  { path: 'databases', name: 'settings-databases', meta: { title: 'Databases' }, component: () => import('./views/settings/DatabasesView.vue') },
  { path: 'databases/:id', name: 'settings-database', meta: { title: 'Database' }, component: () => import('./views/settings/DatabaseView.vue') },
  { path: 'keys', name: 'settings-keys', meta: { title: 'API keys' }, component: () => import('./views/settings/KeysView.vue') },
  { path: 'people', name: 'settings-people', meta: { title: 'People' }, component: () => import('./views/settings/PeopleView.vue') },
  { path: 'account', name: 'settings-account', meta: { title: 'Your account' }, component: () => import('./views/settings/AccountView.vue') },
  { path: 'page', name: 'settings-page', meta: { title: 'This page' }, component: () => import('./views/settings/PageView.vue') },
  { path: 'store', name: 'settings-store', meta: { title: 'Store' }, component: () => import('./views/settings/StoreView.vue') },
  { path: 'audit', name: 'settings-audit', meta: { title: 'Audit' }, component: () => import('./views/settings/AuditView.vue') }
]

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', name: 'fleet', meta: { title: 'Databases' }, component: () => import('./views/fleet/FleetView.vue') },
    { path: '/login', name: 'login', meta: { open: true, title: 'Sign in' }, component: () => import('./views/account/SignInView.vue') },
    { path: '/signup', name: 'signup', meta: { open: true, title: 'Make an account' }, component: () => import('./views/account/SignUpView.vue') },
    { path: '/forgot-password', name: 'forgot', meta: { open: true, title: 'Forgotten password' }, component: () => import('./views/account/ForgotView.vue') },
    { path: '/add', name: 'add', meta: { title: 'Add a database' }, component: () => import('./views/add/AddView.vue') },
    { path: '/d/:id', component: () => import('./views/database/DatabaseShell.vue'), children: ofDatabase },
    { path: '/settings', component: () => import('./views/settings/SettingsShell.vue'), children: settings },
    { path: '/:rest(.*)*', name: 'lost', meta: { title: 'Not found' }, component: () => import('./views/LostView.vue') }
  ],
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? undefined : { top: 0 })
})

router.beforeEach(async (to) => {
  if (to.meta.open || session.me.value) return true
  // A server that is away is no reason to ask for a password: the page says so and waits.
  const me = await session.load().catch(() => 'away')
  return me ? true : { name: 'login', query: to.fullPath === '/' ? {} : { then: to.fullPath } }
})

router.afterEach((to) => {
  document.title = to.meta.title ? `${to.meta.title} · Basira` : 'Basira'
})
