import { getRouteApi, Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { ServiceKind } from '@/api/schema'
import { useAccount } from '@/session/accounts'
import { useMe } from '@/session/me'
import { query } from '@/session/query'
import { Icon } from '@/ui/icon'
import { LinkButton } from '@/ui/link-button'
import { Page } from '@/ui/page'
import { Panel } from '@/ui/panel'
import { QueryView } from '@/ui/query-view'
import { StatusBadge } from '@/ui/status-badge'
import classes from './overview-page.module.css'
import { kindIcons, kinds } from './service-kinds'

const route = getRouteApi('/accounts/$accountId')

export default function OverviewPage() {
  const { t } = useTranslation('portal')
  const { accountId } = route.useParams()
  const account = useAccount(accountId)
  const services = query.useQuery('get', '/accounts/{account_id}/services', {
    params: { path: { account_id: accountId }, query: { limit: 200 } },
  })

  return (
    <Page title={account?.name ?? t('overview.title')} lead={account?.number}>
      <Panel title={t('overview.services')}>
        <QueryView query={services}>
          {({ items, next_cursor: more }) => (
            <ul className={classes.counts}>
              {kinds.map((kind) => (
                <li key={kind}>
                  <KindCount
                    accountId={accountId}
                    kind={kind}
                    count={items.filter((service) => service.kind === kind).length}
                    atLeast={more !== null}
                  />
                </li>
              ))}
            </ul>
          )}
        </QueryView>
      </Panel>
      <div className={classes.columns}>
        <OwnTwoFactor />
        <AccountTwoFactor accountId={accountId} />
      </div>
    </Page>
  )
}

interface KindCountProps {
  accountId: string
  kind: ServiceKind
  count: number
  atLeast: boolean
}

function KindCount({ accountId, kind, count, atLeast }: KindCountProps) {
  const { t, i18n } = useTranslation('portal')
  return (
    <Link
      to="/accounts/$accountId/services"
      params={{ accountId }}
      search={{ kind }}
      className={classes.count}
    >
      <span className={classes.icon}>
        <Icon name={kindIcons[kind]} size={22} />
      </span>
      <span className={classes.number}>
        {new Intl.NumberFormat(i18n.language).format(count)}
        {atLeast && '+'}
      </span>
      <span>{t(`kind.${kind}`)}</span>
    </Link>
  )
}

function OwnTwoFactor() {
  const { t } = useTranslation('portal')
  const me = useMe()
  return (
    <Panel title={t('overview.ownTwoFactor')}>
      <QueryView query={me} lines={2}>
        {({ two_factor: own }) => (
          <div className={classes.state}>
            <StatusBadge tone={own?.active ? 'good' : 'warn'}>
              {own?.active ? t('enabled') : t('notEnabled')}
            </StatusBadge>
            <p>{own?.active ? t('overview.ownActive') : t('overview.ownMissing')}</p>
            <LinkButton
              to="/me/security"
              search={own?.active ? {} : { start: 'enable' }}
              variant={own?.active ? 'default' : 'filled'}
            >
              {own?.active ? t('overview.manage') : t('overview.setUp')}
            </LinkButton>
          </div>
        )}
      </QueryView>
    </Panel>
  )
}

function AccountTwoFactor({ accountId }: { accountId: string }) {
  const { t } = useTranslation('portal')
  const account = useAccount(accountId)
  const rule = query.useQuery('get', '/accounts/{account_id}/two-factor', {
    params: { path: { account_id: accountId } },
  })
  const owner = account?.role === 'owner'
  return (
    <Panel title={t('overview.accountTwoFactor')}>
      <QueryView query={rule} lines={2}>
        {({ enforced, members }) => (
          <div className={classes.state}>
            <StatusBadge tone={enforced ? 'good' : 'plain'}>
              {enforced ? t('overview.enforced') : t('overview.notEnforced')}
            </StatusBadge>
            <p>
              {t(enforced ? 'overview.compliance' : 'overview.withFactor', {
                compliant: members.compliant,
                count: members.total,
              })}
            </p>
            <LinkButton to="/accounts/$accountId/settings" params={{ accountId }} variant="default">
              {owner && !enforced ? t('overview.enforce') : t('overview.details')}
            </LinkButton>
          </div>
        )}
      </QueryView>
    </Panel>
  )
}
