import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Member, MinimumStrength } from '@/api/schema'
import { query } from '@/session/query'
import { LoadMore } from '@/ui/load-more'
import { QueryView } from '@/ui/query-view'
import classes from './people.module.css'

interface PeopleProps {
  accountId: string
  strength: MinimumStrength
  state: 'missing' | 'active'
  count: number
  title: string
}

/** Everybody whom a strength would lock out, or who is fine at it, with what they have; fetched when somebody looks. */
export function People({ count, title, ...list }: PeopleProps) {
  const [open, setOpen] = useState(false)
  if (count === 0) return null
  return (
    <details className={classes.people} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{title}</summary>
      {open && <PeopleList {...list} />}
    </details>
  )
}

function PeopleList({ accountId, strength, state }: Pick<PeopleProps, 'accountId' | 'strength' | 'state'>) {
  const { t } = useTranslation('account')
  const filter = { two_factor: state, minimum_strength: strength }
  const people = query.useInfiniteQuery(
    'get',
    '/accounts/{account_id}/members',
    { params: { path: { account_id: accountId }, query: { ...filter, limit: 10 } } },
    { initialPageParam: null, getNextPageParam: (page) => page.next_cursor, staleTime: 0 },
  )
  return (
    <>
      <QueryView query={people} lines={2}>
        {({ pages }) => (
          <ul className={classes.list}>
            {pages
              .flatMap((page) => page.items)
              .map((person) => (
                <li key={person.user_id} className={classes.person}>
                  <span className={classes.who}>
                    {person.name} <span className={classes.quiet}>{person.email}</span>
                  </span>
                  <Methods person={person} fine={state === 'active'} />
                </li>
              ))}
          </ul>
        )}
      </QueryView>
      <LoadMore list={people} />
      <Link to="/accounts/$accountId/members" params={{ accountId }} search={filter}>
        {t('people.all')}
      </Link>
    </>
  )
}

function Methods({ person, fine }: { person: Member; fine: boolean }) {
  const { t } = useTranslation(['account', 'common'])
  const methods = (person.two_factor?.methods ?? []).map((m) => t(`common:method.${m}`)).join(', ')
  return (
    <span className={classes.quiet}>
      {methods === '' ? t('people.none') : fine ? methods : t('people.notEnough', { methods })}
    </span>
  )
}
