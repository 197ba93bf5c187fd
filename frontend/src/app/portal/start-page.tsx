import { Navigate } from '@tanstack/react-router'
import { lazy } from 'react'
import { useTranslation } from 'react-i18next'
import { lastAccount, useAccounts } from '@/session/accounts'
import { EmptyState } from '@/ui/empty-state'
import { Page } from '@/ui/page'
import { QueryView } from '@/ui/query-view'

const NewAccount = lazy(() => import('./new-account'))

/** The way into the account that was looked at last; whoever has none opens one here. */
export default function StartPage() {
  const { t } = useTranslation('shell')
  const accounts = useAccounts()
  return (
    <QueryView query={accounts} lines={8}>
      {({ items }) => {
        const account = lastAccount(items)
        if (account) return <Navigate to="/accounts/$accountId" params={{ accountId: account.id }} replace />
        return (
          <Page title={t('noAccount.title')}>
            <EmptyState icon="box" title={t('noAccount.text')} action={<NewAccount />} />
          </Page>
        )
      }}
    </QueryView>
  )
}
