import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { TwoFactorPreview } from '@/api/schema'
import classes from './consequences.module.css'

interface ConsequencesProps {
  preview: TwoFactorPreview
  grace: boolean
  signOut: boolean
}

/** What enforcing would do, in numbers and names, before it is done. */
export function Consequences({ preview, grace, signOut }: ConsequencesProps) {
  const { t } = useTranslation('account')
  const { members, locked_out: lockedOut } = preview
  const unnamed = members.missing - lockedOut.length
  return (
    <div>
      <Text>{t('consequences.lead')}</Text>
      <ul className={classes.list}>
        <li>
          {members.missing === 0
            ? t('consequences.nobody')
            : grace
              ? t('consequences.graceMissing', { count: members.missing, total: members.total })
              : t('consequences.missing', { count: members.missing, total: members.total })}
        </li>
        <li>
          {signOut
            ? t('consequences.signOut')
            : grace
              ? t('consequences.noSessions')
              : t('consequences.sessions', { count: preview.sessions })}
        </li>
        <li>{t('consequences.mailed', { count: preview.mailed })}</li>
        {preview.invitations > 0 && <li>{t('consequences.invitations', { count: preview.invitations })}</li>}
      </ul>
      {lockedOut.length > 0 && (
        <details className={classes.who}>
          <summary>{t('consequences.who')}</summary>
          <ul className={classes.people}>
            {lockedOut.map((person) => (
              <li key={person.user_id}>
                {person.name} <span className={classes.email}>{person.email}</span>
              </li>
            ))}
            {unnamed > 0 && <li>{t('consequences.andMore', { count: unnamed })}</li>}
          </ul>
        </details>
      )}
    </div>
  )
}
