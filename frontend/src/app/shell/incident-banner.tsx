import { useTranslation } from 'react-i18next'
import { mayAdminister, useAccounts } from '@/session/accounts'
import { LinkButton } from '@/ui/link-button'
import { Notice } from '@/ui/notice'
import classes from './banner.module.css'

/** Owners and admins see on every page that an incident runs in an account of theirs: nobody forgets to end it. */
export function IncidentBanner() {
  const { t } = useTranslation('shell')
  const accounts = useAccounts().data?.items ?? []
  return accounts
    .filter((account) => account.incident_running && mayAdminister(account.role))
    .map((account) => (
      <div key={account.id} className={classes.banner}>
        <Notice
          tone="warn"
          title={t('incident.title', { account: account.name })}
          action={
            <LinkButton
              to="/accounts/$accountId/settings"
              params={{ accountId: account.id }}
              size="sm"
              variant="default"
            >
              {t('incident.open')}
            </LinkButton>
          }
        >
          {t('incident.text')}
        </Notice>
      </div>
    ))
}
