import { Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { TwoFactorRule } from '@/api/schema'
import { Notice } from '@/ui/notice'
import { formatTime } from '@/ui/time'
import type { Difference, Plan } from './rule-change'
import classes from './rule-differences.module.css'

interface DifferencesProps {
  change: { tightens: Difference[]; loosens: Difference[] }
  rule: TwoFactorRule
  plan: Plan
}

/** Whether a change binds sooner or harder is said before it is made. */
export function Differences({ change, rule, plan }: DifferencesProps) {
  const { t, i18n } = useTranslation(['account', 'common'])
  const { tightens, loosens } = change
  const date = (at: number | string) => formatTime(new Date(at).toISOString(), i18n.language, true)
  const say = (difference: Difference) => {
    switch (difference) {
      case 'harder':
      case 'softer':
        return t(`change.${difference}`, {
          strength: t(`common:strength.${plan.strength}`),
          before: t(`common:strength.${rule.minimum_strength}`),
        })
      case 'sooner':
        return t('change.sooner', { before: date(rule.grace_until ?? 0) })
      case 'soonerThen':
      case 'later':
        return t(`change.${difference}`, {
          date: date(plan.bindsAt ?? 0),
          before: date(rule.grace_until ?? 0),
        })
      case 'laterOpen':
        return t('change.laterOpen', { date: date(plan.bindsAt ?? 0) })
      default:
        return t(`change.${difference}`)
    }
  }
  const box = (title: string, list: Difference[]) =>
    list.length > 0 && (
      <Notice tone={list === tightens ? 'warn' : 'note'} title={title}>
        <ul className={classes.list}>
          {list.map((difference) => (
            <li key={difference}>{say(difference)}</li>
          ))}
        </ul>
      </Notice>
    )
  return (
    <Stack gap="xs" aria-live="polite">
      {box(t('change.tightens'), tightens)}
      {box(t('change.loosens'), loosens)}
      {tightens.length + loosens.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('change.nothing')}
        </Text>
      )}
    </Stack>
  )
}
