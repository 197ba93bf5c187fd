import type { ServiceKind } from '@/api/schema'
import type { IconName } from '@/ui/icon'

export const serviceKinds = {
  virtual_server: 'server',
  dedicated_server: 'device',
  wordpress: 'wordpress',
  domain: 'globe',
  dns_zone: 'dns',
} as const satisfies Record<ServiceKind, IconName>

/** `administers`: for owners and admins alone. */
export const menuItems = [
  { text: 'menu.overview', icon: 'gauge', to: '/accounts/$accountId', administers: false },
  { text: 'menu.services', icon: 'server', to: '/accounts/$accountId/services', administers: false },
  { text: 'menu.catalogue', icon: 'box', to: '/accounts/$accountId/catalogue', administers: false },
  { text: 'menu.members', icon: 'members', to: '/accounts/$accountId/members', administers: false },
  { text: 'menu.audit', icon: 'record', to: '/accounts/$accountId/audit', administers: true },
  { text: 'menu.settings', icon: 'settings', to: '/accounts/$accountId/settings', administers: false },
] as const

export const servicesPath = '/accounts/$accountId/services'
