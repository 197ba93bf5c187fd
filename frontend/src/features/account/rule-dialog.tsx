import { Button, Group, Stack, Text } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import { hasCode } from '@/api/problem'
import type { Account, TwoFactorRule } from '@/api/schema'
import { query } from '@/session/query'
import { session } from '@/session/session'
import { Dialog } from '@/ui/dialog'
import { ProblemNotice } from '@/ui/problem-notice'
import { QueryView } from '@/ui/query-view'
import { toast } from '@/ui/toast'
import { useAction } from '@/ui/use-action'
import { AccountNumberInput, matches } from './account-number-input'
import { Consequences } from './consequences'
import { OwnMissing } from './own-missing'
import { People } from './people'
import { useRefreshRule } from './refresh-rule'
import { differences } from './rule-change'
import { Differences } from './rule-differences'
import { planOf, RuleFields, type RuleValues, valuesOf } from './rule-fields'

interface RuleDialogProps {
  account: Account
  rule: TwoFactorRule
  onClose: () => void
}

/** Sets the account's rule, or changes it: what is asked, then what that means for whom, then the account number. */
export function RuleDialog({ account, rule, onClose }: RuleDialogProps) {
  const { t } = useTranslation(['account', 'common'])
  const refresh = useRefreshRule()
  const form = useForm<RuleValues>({
    initialValues: valuesOf(rule),
    // A refusal speaks of what was asked then.
    onValuesChange: () => set.clear(),
  })
  const { number, strength, deadline, days, signOut, tokens, guarded } = form.values
  const path = { account_id: account.id }
  const asked = {
    ...(deadline === 'keep'
      ? { keep_deadline: true }
      : { grace_days: deadline === 'days' ? Number(days) : 0 }),
    minimum_strength: strength,
  }
  const preview = query.useQuery(
    'get',
    '/accounts/{account_id}/two-factor/preview',
    { params: { path, query: asked } },
    {
      staleTime: 0,
      // While days are typed, the numbers stay: they are counted by the strength.
      placeholderData: (before) => (before?.minimum_strength === strength ? before : undefined),
    },
  )

  const set = useAction(async () => {
    await session.api.PUT('/accounts/{account_id}/two-factor', {
      params: { path },
      body: {
        enforced: true,
        account_number: number.trim(),
        ...asked,
        sign_out_members: signOut,
        api_tokens: tokens,
        guarded_enrolment: guarded,
      },
    })
    onClose()
    toast(t(rule.enforced ? 'change.done' : 'enforce.done', { account: account.name }))
    await refresh()
  })

  const plan = planOf(form.values, rule, Date.now())
  const change = rule.enforced ? differences(rule, plan, Date.now()) : undefined
  const nothing = change && change.tightens.length + change.loosens.length === 0 && !signOut
  const grace = plan.bindsAt !== undefined
  const ownMissing =
    hasCode(set.failure, 'own_second_factor_missing') || preview.data?.own_factor_suffices === false
  const wrongNumber = hasCode(set.failure, 'account_number_mismatch')
  const otherFailure = !wrongNumber && !hasCode(set.failure, 'own_second_factor_missing') && set.failure
  const ready =
    matches(number, account) && !nothing && !ownMissing && (deadline !== 'days' || Number(days) > 0)

  return (
    <Dialog opened onClose={onClose} size="lg" title={t(rule.enforced ? 'change.title' : 'enforce.title')}>
      <form onSubmit={form.onSubmit(() => void set.run())}>
        <Stack gap="md">
          <RuleFields form={form} rule={rule} />
          {change && <Differences change={change} rule={rule} plan={plan} />}
          <QueryView query={preview} lines={4}>
            {(data) => (
              <Stack gap="xs">
                <Consequences
                  preview={data}
                  bindsAt={plan.bindsAt}
                  signOut={signOut}
                  tokens={tokens}
                  change={rule.enforced}
                />
                <People
                  key={`missing ${strength}`}
                  accountId={account.id}
                  strength={strength}
                  state="missing"
                  count={data.members.missing}
                  title={t(grace ? 'people.missingLater' : 'people.missing', { count: data.members.missing })}
                />
                <People
                  key={`active ${strength}`}
                  accountId={account.id}
                  strength={strength}
                  state="active"
                  count={data.members.compliant}
                  title={t('people.active', { count: data.members.compliant })}
                />
              </Stack>
            )}
          </QueryView>
          {ownMissing && <OwnMissing />}
          {otherFailure ? <ProblemNotice error={otherFailure} /> : null}
          <AccountNumberInput
            account={account}
            error={wrongNumber ? t('common:problem.account_number_mismatch') : undefined}
            value={number}
            onChange={(value) => form.setFieldValue('number', value)}
          />
          <Text size="sm" c="dimmed">
            {t('enforce.reversible')}
          </Text>
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              {t('common:cancel')}
            </Button>
            <Button type="submit" loading={set.busy} disabled={!ready}>
              {t(rule.enforced ? 'change.submit' : 'enforce.submit')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  )
}
