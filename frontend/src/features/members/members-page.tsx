import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { strengths } from '@/api/strength'
import { mayAdminister, useAccount } from '@/session/accounts'
import { query } from '@/session/query'
import { EmptyState } from '@/ui/empty-state'
import { Icon } from '@/ui/icon'
import { LoadMore } from '@/ui/load-more'
import { Notice } from '@/ui/notice'
import { Page } from '@/ui/page'
import { Panel } from '@/ui/panel'
import { QueryView } from '@/ui/query-view'
import { Rows } from '@/ui/rows'
import { InvitationsPanel } from './invitations-panel'
import { InviteDialog } from './invite-dialog'
import { MemberRow } from './member-row'
import classes from './members-page.module.css'

const route = getRouteApi('/accounts/$accountId/members')

export default function MembersPage() {
  const { t } = useTranslation(['members', 'common'])
  const { accountId } = route.useParams()
  const { q, two_factor, minimum_strength } = route.useSearch()
  const account = useAccount(accountId)
  const administers = mayAdminister(account?.role)
  const [inviting, setInviting] = useState(false)
  const members = query.useInfiniteQuery(
    'get',
    '/accounts/{account_id}/members',
    { params: { path: { account_id: accountId }, query: { q, two_factor, minimum_strength, limit: 50 } } },
    { initialPageParam: null, getNextPageParam: (page) => page.next_cursor },
  )

  return (
    <Page
      title={t('title')}
      lead={account && `${account.name} · ${account.number}`}
      actions={
        administers && (
          <Button leftSection={<Icon name="plus" size={18} />} onClick={() => setInviting(true)}>
            {t('invite.open')}
          </Button>
        )
      }
    >
      <Filters key={accountId} administers={administers} />
      {minimum_strength && (
        <Notice tone="note">
          {t('filter.against', { strength: t(`common:strength.${minimum_strength}`) })}
        </Notice>
      )}
      <Panel flush>
        <QueryView query={members} lines={8}>
          {({ pages }) => {
            const items = pages.flatMap((page) => page.items)
            if (items.length === 0) return <EmptyState icon="members" title={t('none')} />
            return (
              <Rows label={t('title')}>
                {items.map((member) => (
                  <MemberRow
                    key={member.user_id}
                    accountId={accountId}
                    ownRole={account?.role}
                    member={member}
                  />
                ))}
              </Rows>
            )
          }}
        </QueryView>
        <LoadMore list={members} />
      </Panel>
      {administers && account && <InvitationsPanel account={account} />}
      {inviting && account && <InviteDialog account={account} onClose={() => setInviting(false)} />}
    </Page>
  )
}

function Filters({ administers }: { administers: boolean }) {
  const { t } = useTranslation(['members', 'common'])
  const { accountId } = route.useParams()
  const search = route.useSearch()
  const navigate = useNavigate()
  const go = (next: typeof search) =>
    void navigate({ to: '/accounts/$accountId/members', params: { accountId }, search: next, replace: true })
  const seek = useDebouncedCallback((text: string) => go({ ...search, q: text.trim() || undefined }), 250)

  return (
    <search className={classes.filters}>
      <TextInput
        key={search.q === undefined ? 'empty' : 'filled'}
        className={classes.search}
        type="search"
        aria-label={t('filter.search')}
        placeholder={t('filter.search')}
        maxLength={100}
        leftSection={<Icon name="search" size={18} />}
        defaultValue={search.q ?? ''}
        onChange={(event) => seek(event.currentTarget.value)}
      />
      {administers && (
        <>
          <NativeSelect
            aria-label={t('filter.twoFactor')}
            value={search.two_factor ?? ''}
            onChange={(event) => {
              const value = event.currentTarget.value
              go({ ...search, two_factor: value === 'missing' || value === 'active' ? value : undefined })
            }}
            data={[
              { value: '', label: t('filter.all') },
              { value: 'missing', label: t('filter.missing') },
              { value: 'active', label: t('filter.active') },
            ]}
          />
          <NativeSelect
            aria-label={t('filter.strength')}
            value={search.minimum_strength ?? ''}
            onChange={(event) =>
              go({ ...search, minimum_strength: strengths.find((s) => s === event.currentTarget.value) })
            }
            data={[
              { value: '', label: t('filter.rule') },
              ...strengths.map((value) => ({ value, label: t(`common:strength.${value}`) })),
            ]}
          />
        </>
      )}
    </search>
  )
}
