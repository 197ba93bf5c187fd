import { useParams } from '@tanstack/react-router'
import { useEffect } from 'react'
import type { Account } from '@/api/schema'
import { lastAccount, rememberAccount, useAccounts } from '@/session/accounts'

/** The account of the address, or the last one on pages that belong to none. */
export function useCurrentAccount(): Account | undefined {
  const { accountId } = useParams({ strict: false })
  const accounts = useAccounts().data?.items ?? []
  const addressed = accounts.find(({ id }) => id === accountId)
  useEffect(() => {
    if (addressed) rememberAccount(addressed.id)
  }, [addressed])
  return addressed ?? lastAccount(accounts)
}
