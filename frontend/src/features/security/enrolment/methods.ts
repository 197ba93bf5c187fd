import type { FactorType } from '@/api/schema'
import type { IconName } from '@/ui/icon'

/** What each method looks like where it is offered. A method of the contract that is missing here does not compile. */
export const methodIcons: Record<FactorType, IconName> = {
  totp: 'app',
  passkey: 'key',
  sms: 'message',
  email: 'mail',
}

/** The strongest come first; what it takes to say about the others is said beside them. */
export const everyMethod: FactorType[] = ['totp', 'passkey', 'sms', 'email']
