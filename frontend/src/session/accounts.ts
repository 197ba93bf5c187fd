import type { Account, Role } from '@/api/schema'
import { query } from './query'

const everyAccount = { params: { query: { limit: 200 } } }

export function useAccounts() {
  return query.useQuery('get', '/accounts', everyAccount)
}

/** One of the person's accounts, from the list that the shell has loaded anyway. */
export function useAccount(accountId: string): Account | undefined {
  return useAccounts().data?.items.find(({ id }) => id === accountId)
}

export function mayAdminister(role: Role | undefined): boolean {
  return role === 'owner' || role === 'admin'
}

const key = 'sallyport.account'

/** The account that was looked at last, for pages that belong to none. */
export function lastAccount(accounts: Account[]): Account | undefined {
  const last = localStorage.getItem(key)
  return accounts.find(({ id }) => id === last) ?? accounts[0]
}

export function rememberAccount(accountId: string): void {
  localStorage.setItem(key, accountId)
}
