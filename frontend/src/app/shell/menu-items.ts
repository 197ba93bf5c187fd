import type { ServiceKind } from '@/api/schema'
import type { IconName } from '@/ui/icon'

export const serviceKinds = {
  virtual_server: 'server',
  dedicated_server: 'device',
  wordpress: 'wordpress',
  domain: 'globe',
  dns_zone: 'dns',
} as const satisfies Record<ServiceKind, IconName>

export const menuItems = [
  { text: 'menu.overview', icon: 'gauge', to: '/accounts/$accountId' },
  { text: 'menu.services', icon: 'server', to: '/accounts/$accountId/services' },
  { text: 'menu.catalogue', icon: 'box', to: '/accounts/$accountId/catalogue' },
  { text: 'menu.members', icon: 'members', to: '/accounts/$accountId/members' },
  { text: 'menu.settings', icon: 'settings', to: '/accounts/$accountId/settings' },
] as const

export const servicesPath = '/accounts/$accountId/services'
