import type { ServiceKind } from '@/api/schema'
import type { IconName } from '@/ui/icon'

export const kindIcons: Record<ServiceKind, IconName> = {
  virtual_server: 'server',
  dedicated_server: 'device',
  wordpress: 'wordpress',
  domain: 'globe',
  dns_zone: 'dns',
}

export const kinds = Object.keys(kindIcons) as ServiceKind[]
