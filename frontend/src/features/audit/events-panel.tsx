import { Button, Group } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { AuditEvent } from '@/api/schema'
import { query } from '@/session/query'
import { EmptyState } from '@/ui/empty-state'
import { Icon } from '@/ui/icon'
import { LoadMore } from '@/ui/load-more'
import { Panel } from '@/ui/panel'
import { ProblemNotice } from '@/ui/problem-notice'
import { QueryView } from '@/ui/query-view'
import { Rows } from '@/ui/rows'
import { toast } from '@/ui/toast'
import { useAction } from '@/ui/use-action'
import { fetchEvents, save } from './audit-file'
import { beginningOfDay } from './days'
import { EventFilters } from './event-filters'
import { EventRow } from './event-row'
import classes from './events-panel.module.css'
import { beginningOf } from './groups'

const route = getRouteApi('/accounts/$accountId/audit')

export function EventsPanel({ accountId }: { accountId: string }) {
  const { t } = useTranslation('audit')
  const wanted = useWanted()
  const events = query.useInfiniteQuery(
    'get',
    '/accounts/{account_id}/audit-events',
    { params: { path: { account_id: accountId }, query: { ...wanted, limit: 25 } } },
    {
      initialPageParam: null,
      getNextPageParam: (page) => page.next_cursor,
      staleTime: 0,
      // The newest get their place in the record a moment after they happened.
      refetchInterval: ({ state }) => (state.data?.pages[0]?.items.some(unlinked) ? 1500 : false),
    },
  )
  const exported = useAction(async (form: 'csv' | 'ndjson') => {
    const file = await fetchEvents(accountId, form, wanted)
    save(file)
    toast(t('events.exported', { name: file.name }))
    await events.refetch()
  })
  const items = events.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Panel
      flush
      title={t('events.title')}
      description={t('events.description')}
      actions={
        <Group gap="xs">
          {(['csv', 'ndjson'] as const).map((form) => (
            <Button
              key={form}
              variant="default"
              leftSection={<Icon name="download" size={18} />}
              disabled={exported.busy}
              onClick={() => void exported.run(form)}
            >
              {t(`events.${form}`)}
            </Button>
          ))}
        </Group>
      }
    >
      <div className={classes.filters}>
        <EventFilters accountId={accountId} shown={items} />
      </div>
      {exported.failure !== undefined && <ProblemNotice error={exported.failure} />}
      <QueryView query={events} lines={8}>
        {() =>
          items.length === 0 ? (
            <EmptyState icon="record" title={t('events.none')} />
          ) : (
            <Rows label={t('events.title')}>
              {items.map((event) => (
                <EventRow key={event.id} accountId={accountId} event={event} />
              ))}
            </Rows>
          )
        }
      </QueryView>
      <LoadMore list={events} />
    </Panel>
  )
}

function unlinked(event: AuditEvent): boolean {
  return event.seq === null
}

/** The question that the address asks, as the API takes it. Days are the person's own. */
function useWanted() {
  const { what, person, part, from, to } = route.useSearch()
  return {
    action: beginningOf(what),
    actor: part === undefined ? person : undefined,
    user: part === 'about' ? person : undefined,
    from: from && beginningOfDay(from),
    to: to && beginningOfDay(to, 1),
  }
}
