import '@mantine/core/styles/InlineInput.layer.css'
import '@mantine/core/styles/Checkbox.layer.css'
import '@mantine/core/styles/NumberInput.layer.css'
import { Checkbox, NativeSelect, NumberInput, Stack } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import type { ApiTokenRule, MinimumStrength, TwoFactorRule } from '@/api/schema'
import { strengths } from '@/api/strength'
import { formatTime } from '@/ui/time'
import { deadlineOf, type Plan } from './rule-change'
import classes from './rule-fields.module.css'

export interface RuleValues {
  number: string
  strength: MinimumStrength
  deadline: 'keep' | 'now' | 'days'
  days: number | string
  signOut: boolean
  tokens: ApiTokenRule
  guarded: boolean
}

/** The rule as it stands, or as it is proposed where none is enforced. */
export function valuesOf(rule: TwoFactorRule): RuleValues {
  return {
    number: '',
    strength: rule.enforced ? rule.minimum_strength : 'any',
    deadline: rule.enforced ? 'keep' : 'now',
    days: 14,
    signOut: false,
    tokens: rule.enforced ? rule.api_tokens : 'block',
    guarded: rule.enforced && rule.guarded_enrolment,
  }
}

const dayLength = 86_400_000

export function planOf(values: RuleValues, rule: TwoFactorRule, now: number): Plan {
  const { strength, deadline, days, tokens, guarded } = values
  const bindsAt =
    deadline === 'keep'
      ? deadlineOf(rule, now)
      : deadline === 'days'
        ? now + Number(days) * dayLength
        : undefined
  return { strength, bindsAt, tokens, guarded }
}

/** Everything that an owner decides about the rule, what most need first. */
export function RuleFields({ form, rule }: { form: UseFormReturnType<RuleValues>; rule: TwoFactorRule }) {
  const { t, i18n } = useTranslation(['account', 'common'])
  const waits = rule.enforced && deadlineOf(rule, Date.now()) !== undefined
  const deadlines = [
    ...(rule.enforced
      ? [
          {
            value: 'keep',
            label: waits
              ? t('rule.keep', { date: formatTime(rule.grace_until ?? '', i18n.language, true) })
              : t('rule.keepBound'),
          },
        ]
      : []),
    ...(!rule.enforced || waits ? [{ value: 'now', label: t('rule.now') }] : []),
    { value: 'days', label: rule.enforced ? t('rule.newDeadline') : t('rule.days') },
  ]
  return (
    <Stack gap="md">
      <NativeSelect
        label={t('strength.label')}
        description={t('strength.description')}
        data={strengths.map((value) => ({ value, label: t(`common:strength.${value}`) }))}
        {...form.getInputProps('strength')}
      />
      <div className={classes.pair}>
        <NativeSelect
          label={t('rule.deadline')}
          description={t('rule.deadlineText')}
          data={deadlines}
          {...form.getInputProps('deadline')}
        />
        {form.values.deadline === 'days' && (
          <NumberInput
            label={t('rule.graceDays')}
            description={t('rule.graceDaysText')}
            min={1}
            max={30}
            allowDecimal={false}
            allowNegative={false}
            clampBehavior="strict"
            {...form.getInputProps('days')}
          />
        )}
      </div>
      <details className={classes.options}>
        <summary>{t('rule.options')}</summary>
        <Stack gap="md" mt="md">
          <Checkbox
            label={t('rule.signOut')}
            description={t('rule.signOutText')}
            {...form.getInputProps('signOut', { type: 'checkbox' })}
          />
          <Checkbox
            label={t('rule.guarded')}
            description={t('rule.guardedText')}
            {...form.getInputProps('guarded', { type: 'checkbox' })}
          />
          <NativeSelect
            label={t('rule.tokens')}
            data={[
              { value: 'block', label: t('rule.tokensBlock') },
              { value: 'keep', label: t('rule.tokensKeep') },
            ]}
            {...form.getInputProps('tokens')}
          />
        </Stack>
      </details>
    </Stack>
  )
}
