import { Link } from '@tanstack/react-router'
import { Fragment, type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AuditEvent, AuditSubject } from '@/api/schema'
import { CopyButton } from '@/ui/copy-button'
import { StatusBadge } from '@/ui/status-badge'
import { Time } from '@/ui/time'
import classes from './event-row.module.css'
import { useNameOf, useSentence } from './sentence'

/** One event: what happened in a sentence, its place in the record, and all that the record holds of it. */
export function EventRow({ accountId, event }: { accountId: string; event: AuditEvent }) {
  const { t } = useTranslation('audit')
  const sentence = useSentence()
  const [open, setOpen] = useState(false)
  return (
    <li>
      <div className={classes.line}>
        <div className={classes.sentence}>{sentence(event)}</div>
        {event.outcome === 'refused' && <StatusBadge tone="bad">{t('row.refused')}</StatusBadge>}
      </div>
      <div className={classes.meta}>
        <Time at={event.at} clock />
        {event.seq === null ? (
          <span>{t('row.unlinked')}</span>
        ) : (
          <span className={classes.code} title={t('row.place', { seq: event.seq })}>
            #{event.seq} · {event.hash?.slice(0, 12)}…
          </span>
        )}
        <details className={classes.details} onToggle={(toggled) => setOpen(toggled.currentTarget.open)}>
          <summary>{t('row.details')}</summary>
          {open && <Details accountId={accountId} event={event} />}
        </details>
      </div>
    </li>
  )
}

function Details({ accountId, event }: { accountId: string; event: AuditEvent }) {
  const { t } = useTranslation('audit')
  const facts: [string, ReactNode][] = [
    [t('row.action'), <code key="action">{event.action}</code>],
    [t('row.actor'), <Somebody key="actor" subject={event.actor} />],
  ]
  if (event.user) facts.push([t('row.user'), <Somebody key="user" subject={event.user} />])
  if (event.address) facts.push([t('row.address'), event.address])
  for (const [name, value] of Object.entries(event.detail)) facts.push([name, value])
  if (event.hash) facts.push([t('row.hash'), <code key="hash">{event.hash}</code>])
  return (
    <>
      <dl className={classes.facts}>
        {facts.map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
      </dl>
      <div className={classes.links}>
        {event.hash && <CopyButton text={event.hash} label={t('row.copyHash')} />}
        <MoreOf accountId={accountId} subject={event.actor} />
        <MoreOf accountId={accountId} subject={event.user} about />
      </div>
    </>
  )
}

function Somebody({ subject }: { subject: AuditSubject }) {
  const { t } = useTranslation('audit')
  const nameOf = useNameOf()
  return (
    <>
      {nameOf(subject)}
      {subject.email && ` · ${subject.email}`}
      {subject.kind === 'person' && subject.member === false && ` · ${t('row.left')}`}
    </>
  )
}

interface MoreOfProps {
  accountId: string
  subject: AuditSubject | undefined
  about?: boolean
}

/** The way to everything of one person, also of one who has left and is in no list of members. */
function MoreOf({ accountId, subject, about = false }: MoreOfProps) {
  const { t } = useTranslation('audit')
  const nameOf = useNameOf()
  if (!subject?.id) return null
  return (
    <Link
      to="/accounts/$accountId/audit"
      params={{ accountId }}
      search={{ person: subject.id, ...(about && { part: 'about' as const }) }}
    >
      {t(about ? 'row.aboutMore' : 'row.didMore', { name: nameOf(subject) })}
    </Link>
  )
}
