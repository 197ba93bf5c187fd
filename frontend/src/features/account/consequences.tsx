import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { ApiTokenRule, TwoFactorPreview } from '@/api/schema'
import { formatTime } from '@/ui/time'
import classes from './consequences.module.css'

interface ConsequencesProps {
  preview: TwoFactorPreview
  /** The deadline to come, in milliseconds. */
  bindsAt: number | undefined
  signOut: boolean
  tokens: ApiTokenRule
  /** Of a rule that is enforced already: only whom it asks for something new is told by mail. */
  change: boolean
}

/** What a rule would do, in numbers, before it is set. */
export function Consequences({ preview, bindsAt, signOut, tokens, change }: ConsequencesProps) {
  const { t, i18n } = useTranslation('account')
  const grace = bindsAt !== undefined
  const { members, minimum_strength: strength } = preview
  const numbers = { count: members.missing, total: members.total }
  return (
    <div>
      <Text>
        {grace
          ? t('consequences.leadThen', {
              date: formatTime(new Date(bindsAt).toISOString(), i18n.language, true),
            })
          : t('consequences.lead')}{' '}
        {strength !== 'any' && t(`strength.rule.${strength}`)}
      </Text>
      <ul className={classes.list}>
        <li>
          {members.missing === 0
            ? t('consequences.nobody')
            : grace
              ? t('consequences.graceMissing', numbers)
              : t('consequences.missing', numbers)}
        </li>
        <li>
          {signOut
            ? t('consequences.signOut')
            : grace
              ? t('consequences.noSessions')
              : t('consequences.sessions', { count: preview.sessions })}
        </li>
        {preview.api_tokens > 0 && (
          <li>
            {tokens === 'keep'
              ? t('consequences.tokensKept')
              : grace
                ? t('consequences.tokensLater', { count: preview.api_tokens })
                : t('consequences.tokens', { count: preview.api_tokens })}
          </li>
        )}
        <li>
          {!change
            ? t('consequences.mailed', { count: preview.mailed })
            : preview.mailed === 0
              ? t('consequences.notMailed')
              : t('consequences.mailedChange', { count: preview.mailed })}{' '}
          {change && preview.mailed > 0 && preview.invitations > 0 && t('consequences.mailedInvited')}{' '}
          {grace && members.missing > 0 && t('consequences.reminded')}
        </li>
        {preview.invitations > 0 && <li>{t('consequences.invitations', { count: preview.invitations })}</li>}
      </ul>
    </div>
  )
}
