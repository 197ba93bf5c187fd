import '@mantine/core/styles/ScrollArea.layer.css'
import { Button, NativeSelect, Select, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AuditEvent } from '@/api/schema'
import { query } from '@/session/query'
import classes from './events-panel.module.css'
import { groups } from './groups'

const route = getRouteApi('/accounts/$accountId/audit')

interface EventFiltersProps {
  accountId: string
  /** The events in view: who is in them can be chosen without being a member any more. */
  shown: AuditEvent[]
}

/** Which events are shown stands in the address, so that a view can be kept and passed on. */
export function EventFilters({ accountId, shown }: EventFiltersProps) {
  const { t } = useTranslation('audit')
  const search = route.useSearch()
  const navigate = useNavigate()
  const go = (next: typeof search) =>
    void navigate({ to: '/accounts/$accountId/audit', params: { accountId }, search: next, replace: true })
  const set = (change: Partial<typeof search>) => go({ ...search, ...change })
  const filtered = Object.values(search).some((value) => value !== undefined)

  return (
    <search className={classes.fields} aria-label={t('filter.label')}>
      <NativeSelect
        label={t('filter.group')}
        value={search.what ?? ''}
        onChange={(event) => set({ what: groups.find((group) => group === event.currentTarget.value) })}
        data={[
          { value: '', label: t('filter.everything') },
          ...groups.map((group) => ({ value: group, label: t(`group.${group}`) })),
        ]}
      />
      <PersonSelect
        accountId={accountId}
        shown={shown}
        value={search.person}
        onChange={(person) => set({ person, part: person === undefined ? undefined : search.part })}
      />
      {search.person && (
        <NativeSelect
          label={t('filter.as')}
          value={search.part ?? ''}
          onChange={(event) => set({ part: event.currentTarget.value === 'about' ? 'about' : undefined })}
          data={[
            { value: '', label: t('filter.by') },
            { value: 'about', label: t('filter.about') },
          ]}
        />
      )}
      <TextInput
        type="date"
        label={t('filter.from')}
        max={search.to}
        value={search.from ?? ''}
        onChange={(event) => set({ from: event.currentTarget.value || undefined })}
      />
      <TextInput
        type="date"
        label={t('filter.to')}
        min={search.from}
        value={search.to ?? ''}
        onChange={(event) => set({ to: event.currentTarget.value || undefined })}
      />
      {filtered && (
        <Button variant="subtle" onClick={() => go(nothing)}>
          {t('filter.clear')}
        </Button>
      )}
    </search>
  )
}

const nothing = { what: undefined, person: undefined, part: undefined, from: undefined, to: undefined }

interface PersonSelectProps {
  accountId: string
  shown: AuditEvent[]
  value: string | undefined
  onChange: (person: string | undefined) => void
}

function PersonSelect({ accountId, shown, value, onChange }: PersonSelectProps) {
  const { t } = useTranslation('audit')
  const [text, setText] = useState('')
  const [q] = useDebouncedValue(text.trim(), 200)
  const [opened, setOpened] = useState(false)
  const people = new Map<string, string>()
  for (const event of shown) {
    for (const subject of [event.actor, event.user]) {
      if (subject?.id) people.set(subject.id, subject.name)
    }
  }
  const chosen = value === undefined ? undefined : people.get(value)
  const members = query.useQuery(
    'get',
    '/accounts/{account_id}/members',
    {
      params: {
        path: { account_id: accountId },
        query: { q: q === chosen ? undefined : q || undefined, limit: 20 },
      },
    },
    { enabled: opened },
  )
  for (const member of members.data?.items ?? []) people.set(member.user_id, member.name)
  return (
    <Select
      label={t('filter.person')}
      placeholder={t('filter.anybody')}
      nothingFoundMessage={t('filter.nobody')}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': t('filter.anybody') }}
      value={value ?? null}
      onChange={(person) => onChange(person ?? undefined)}
      searchValue={text}
      onSearchChange={setText}
      onDropdownOpen={() => setOpened(true)}
      data={[...people].map(([id, name]) => ({ value: id, label: name }))}
    />
  )
}
