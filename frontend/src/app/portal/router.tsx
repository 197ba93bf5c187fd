import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type SearchSchemaInput,
} from '@tanstack/react-router'
import { strengths } from '@/api/strength'
import { groups } from '@/features/audit/groups'
import { loadPage, pages } from '../pages'
import { serviceKinds } from '../shell/menu-items'
import { Shell } from '../shell/shell'
import { NotFound } from './not-found'
import { PageFailed } from './page-failed'

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound })

type Loose = Record<string, unknown> & SearchSchemaInput
const oneOf = <T extends string>(values: readonly T[], value: unknown): T | undefined =>
  values.find((v) => v === value)
const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
const day = (value: unknown) => (/^\d{4}-\d{2}-\d{2}$/.test(String(value)) ? String(value) : undefined)
const kinds = Object.keys(serviceKinds) as (keyof typeof serviceKinds)[]

const start = createRoute({
  getParentRoute: () => root,
  path: pages.start.path,
  component: lazyRouteComponent(() => loadPage(pages.start)),
})
const profile = createRoute({
  getParentRoute: () => root,
  path: pages.profile.path,
  component: lazyRouteComponent(() => loadPage(pages.profile)),
})
const security = createRoute({
  getParentRoute: () => root,
  path: pages.security.path,
  // What another page or the user menu asks this one to begin with.
  validateSearch: (search: Loose) => ({ start: oneOf(['enable', 'update', 'disable'], search.start) }),
  component: lazyRouteComponent(() => loadPage(pages.security)),
})
const apiTokens = createRoute({
  getParentRoute: () => root,
  path: pages.apiTokens.path,
  component: lazyRouteComponent(() => loadPage(pages.apiTokens)),
})
const overview = createRoute({
  getParentRoute: () => root,
  path: pages.overview.path,
  component: lazyRouteComponent(() => loadPage(pages.overview)),
})
const services = createRoute({
  getParentRoute: () => root,
  path: pages.services.path,
  validateSearch: (search: Loose) => ({ kind: oneOf(kinds, search.kind) }),
  component: lazyRouteComponent(() => loadPage(pages.services)),
})
const catalogue = createRoute({
  getParentRoute: () => root,
  path: pages.catalogue.path,
  component: lazyRouteComponent(() => loadPage(pages.catalogue)),
})
const cart = createRoute({
  getParentRoute: () => root,
  path: pages.cart.path,
  component: lazyRouteComponent(() => loadPage(pages.cart)),
})
const members = createRoute({
  getParentRoute: () => root,
  path: pages.members.path,
  validateSearch: (search: Loose) => ({
    q: text(search.q),
    two_factor: oneOf(['missing', 'active'], search.two_factor),
    minimum_strength: oneOf(strengths, search.minimum_strength),
  }),
  component: lazyRouteComponent(() => loadPage(pages.members)),
})
const audit = createRoute({
  getParentRoute: () => root,
  path: pages.audit.path,
  validateSearch: (search: Loose) => ({
    what: oneOf(groups, search.what),
    person: text(search.person),
    part: oneOf(['about'], search.part),
    from: day(search.from),
    to: day(search.to),
  }),
  component: lazyRouteComponent(() => loadPage(pages.audit)),
})
const settings = createRoute({
  getParentRoute: () => root,
  path: pages.settings.path,
  component: lazyRouteComponent(() => loadPage(pages.settings)),
})

const routeTree = root.addChildren([
  start,
  profile,
  security,
  apiTokens,
  overview,
  services,
  catalogue,
  cart,
  members,
  audit,
  settings,
])

/** A router for one stay in the portal: it takes the address as it finds it. */
export function createPortalRouter() {
  return createRouter({
    routeTree,
    defaultPreload: 'intent',
    defaultErrorComponent: PageFailed,
    scrollRestoration: true,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createPortalRouter>
  }
}
