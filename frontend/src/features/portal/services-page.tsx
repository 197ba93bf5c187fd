import { getRouteApi, Link, useLocation } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Service } from '@/api/schema'
import { query } from '@/session/query'
import { EmptyState } from '@/ui/empty-state'
import { Icon } from '@/ui/icon'
import { LinkButton } from '@/ui/link-button'
import { LoadMore } from '@/ui/load-more'
import { Page } from '@/ui/page'
import { Panel } from '@/ui/panel'
import { QueryView } from '@/ui/query-view'
import { Rows } from '@/ui/rows'
import { StatusBadge, type Tone } from '@/ui/status-badge'
import { Time } from '@/ui/time'
import { kindIcons, kinds } from './service-kinds'
import classes from './services-page.module.css'

const route = getRouteApi('/accounts/$accountId/services')
const tones: Record<Service['status'], Tone> = { running: 'good', stopped: 'plain', provisioning: 'note' }

export default function ServicesPage() {
  const { t } = useTranslation('portal')
  const { accountId } = route.useParams()
  const { kind } = route.useSearch()
  const { hash } = useLocation()
  const services = query.useInfiniteQuery(
    'get',
    '/accounts/{account_id}/services',
    { params: { path: { account_id: accountId }, query: { kind, limit: 25 } } },
    { initialPageParam: null, getNextPageParam: (page) => page.next_cursor },
  )

  return (
    <Page title={kind ? t(`kind.${kind}`) : t('services.title')}>
      <nav aria-label={t('services.filter')} className={classes.filter}>
        {[undefined, ...kinds].map((each) => (
          <Link
            key={each ?? 'all'}
            to="/accounts/$accountId/services"
            params={{ accountId }}
            search={{ kind: each }}
            className={classes.chip}
            aria-current={each === kind ? 'page' : undefined}
          >
            {each ? t(`kind.${each}`) : t('services.all')}
          </Link>
        ))}
      </nav>
      <Panel flush>
        <QueryView query={services} lines={8}>
          {({ pages }) => {
            const items = pages.flatMap((page) => page.items)
            if (items.length === 0) return <Nothing accountId={accountId} />
            return (
              <Rows label={t('services.title')}>
                {items.map((service) => (
                  <ServiceRow key={service.id} service={service} found={service.id === hash} />
                ))}
              </Rows>
            )
          }}
        </QueryView>
        <LoadMore list={services} />
      </Panel>
    </Page>
  )
}

function ServiceRow({ service, found }: { service: Service; found: boolean }) {
  const { t } = useTranslation('portal')
  return (
    <li id={service.id} className={classes.row} data-found={found || undefined}>
      <span className={classes.icon}>
        <Icon name={kindIcons[service.kind]} />
      </span>
      <div className={classes.name}>
        <strong>{service.name}</strong>
        <span className={classes.detail}>
          {t(`kindOne.${service.kind}`)}
          {service.region && ` · ${service.region}`}
        </span>
      </div>
      <code className={classes.address}>{service.address}</code>
      <span className={classes.detail}>
        {t('services.since')} <Time at={service.created_at} />
      </span>
      <StatusBadge tone={tones[service.status]}>{t(`status.${service.status}`)}</StatusBadge>
    </li>
  )
}

function Nothing({ accountId }: { accountId: string }) {
  const { t } = useTranslation('portal')
  return (
    <EmptyState
      icon="server"
      title={t('services.none')}
      action={
        <LinkButton to="/accounts/$accountId/catalogue" params={{ accountId }}>
          {t('services.order')}
        </LinkButton>
      }
    >
      {t('services.noneText')}
    </EmptyState>
  )
}
