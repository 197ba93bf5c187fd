import { getRouteApi } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { mayAdminister, useAccount, useAccounts } from '@/session/accounts'
import { EmptyState } from '@/ui/empty-state'
import { Page } from '@/ui/page'
import { QueryView } from '@/ui/query-view'
import { EventsPanel } from './events-panel'
import { ReportPanel } from './report-panel'

const route = getRouteApi('/accounts/$accountId/audit')

/** What an account shows an auditor: who met its rule, and what happened in it. */
export default function AuditPage() {
  const { t } = useTranslation(['audit', 'common'])
  const { accountId } = route.useParams()
  const accounts = useAccounts()
  const account = useAccount(accountId)
  return (
    <Page title={t('title')} lead={account && `${account.name} · ${account.number}`}>
      <QueryView query={accounts} lines={8}>
        {() =>
          !account ? (
            <EmptyState icon="search" title={t('common:problem.not_found')} />
          ) : mayAdminister(account.role) ? (
            <>
              <ReportPanel key={`report ${account.id}`} account={account} />
              <EventsPanel key={`events ${account.id}`} accountId={account.id} />
            </>
          ) : (
            <EmptyState icon="lock" title={t('whoMay')} />
          )
        }
      </QueryView>
    </Page>
  )
}
