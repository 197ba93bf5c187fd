import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Page } from '@/ui/page'
import classes from './my-account.module.css'

/** The frame of "My Account": each tab is an address. */
export function MyAccount({ title, children }: { title: string; children: ReactNode }) {
  const { t } = useTranslation('profile')
  return (
    <Page title={t('myAccount')} documentTitle={title}>
      <nav aria-label={t('myAccount')} className={classes.tabs}>
        <Link to="/me" className={classes.tab} activeOptions={{ exact: true }}>
          {t('tab.profile')}
        </Link>
        <Link to="/me/security" className={classes.tab} activeOptions={{ includeSearch: false }}>
          {t('tab.security')}
        </Link>
        <Link to="/me/api-tokens" className={classes.tab}>
          {t('tab.tokens')}
        </Link>
      </nav>
      {children}
    </Page>
  )
}
