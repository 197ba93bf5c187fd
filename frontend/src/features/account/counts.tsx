import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Account, TwoFactorRule } from '@/api/schema'
import { mayAdminister } from '@/session/accounts'
import classes from './counts.module.css'

/** How far the members have come with the rule as it is. */
export function Counts({ account, rule }: { account: Account; rule: TwoFactorRule }) {
  const { t } = useTranslation('account')
  const { total, compliant, missing } = rule.members
  return (
    <dl className={classes.counts}>
      <div>
        <dt>{t('counts.total')}</dt>
        <dd>{total}</dd>
      </div>
      <div>
        <dt>{t('counts.compliant')}</dt>
        <dd>{compliant}</dd>
      </div>
      <div>
        <dt>{t('counts.missing')}</dt>
        <dd>
          {missing}
          {missing > 0 && mayAdminister(account.role) && (
            <Link
              to="/accounts/$accountId/members"
              params={{ accountId: account.id }}
              search={{ two_factor: 'missing' }}
              className={classes.link}
            >
              {t('counts.show')}
            </Link>
          )}
        </dd>
      </div>
      <div>
        <dt>{t('counts.invitations')}</dt>
        <dd>{rule.invitations}</dd>
      </div>
    </dl>
  )
}
