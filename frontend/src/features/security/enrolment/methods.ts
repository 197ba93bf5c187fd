import type { FactorType } from '@/api/schema'
import type { IconName } from '@/ui/icon'

/** What each method looks like where it is offered. A method of the contract that is missing here does not compile. */
export const methodIcons: Record<FactorType, IconName> = { totp: 'app' }
