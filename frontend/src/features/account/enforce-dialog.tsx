import '@mantine/core/styles/InlineInput.layer.css'
import '@mantine/core/styles/Checkbox.layer.css'
import '@mantine/core/styles/NumberInput.layer.css'
import { Button, Checkbox, Group, NativeSelect, NumberInput, Stack, Text } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import { hasCode } from '@/api/problem'
import type { Account, MinimumStrength } from '@/api/schema'
import { useConfirmed } from '@/session/confirmation/confirmation'
import { query } from '@/session/query'
import { session } from '@/session/session'
import { Dialog } from '@/ui/dialog'
import { LinkButton } from '@/ui/link-button'
import { Notice } from '@/ui/notice'
import { ProblemNotice } from '@/ui/problem-notice'
import { QueryView } from '@/ui/query-view'
import { toast } from '@/ui/toast'
import { useAction } from '@/ui/use-action'
import { AccountNumberInput, matches } from './account-number-input'
import { Consequences } from './consequences'
import classes from './enforce-dialog.module.css'
import { useRefreshRule } from './refresh-rule'

const strengths = [
  'any',
  'no_email',
  'no_email_no_sms',
  'phishing_resistant',
] as const satisfies readonly MinimumStrength[]

export function EnforceDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const { t } = useTranslation(['account', 'common'])
  const confirmed = useConfirmed()
  const refresh = useRefreshRule()
  const form = useForm<{
    number: string
    strength: MinimumStrength
    graceDays: number | string
    signOut: boolean
  }>({
    initialValues: { number: '', strength: 'any', graceDays: 0, signOut: false },
  })
  const { number, strength, graceDays, signOut } = form.values
  const path = { account_id: account.id }
  const preview = query.useQuery(
    'get',
    '/accounts/{account_id}/two-factor/preview',
    { params: { path, query: { minimum_strength: strength } } },
    { staleTime: 0 },
  )

  const enforce = useAction(async () => {
    await confirmed(() =>
      session.api.PUT('/accounts/{account_id}/two-factor', {
        params: { path },
        body: {
          enforced: true,
          account_number: number.trim(),
          grace_days: Number(graceDays) || 0,
          minimum_strength: strength,
          sign_out_members: signOut,
        },
      }),
    )
    onClose()
    toast(t('enforce.done', { account: account.name }))
    await refresh()
  })

  const ownMissing =
    hasCode(enforce.failure, 'own_second_factor_missing') || preview.data?.own_factor_suffices === false
  const wrongNumber = hasCode(enforce.failure, 'account_number_mismatch')
  const otherFailure =
    !wrongNumber && !hasCode(enforce.failure, 'own_second_factor_missing') && enforce.failure

  return (
    <Dialog opened onClose={onClose} size="lg" title={t('enforce.title')}>
      <form onSubmit={form.onSubmit(() => void enforce.run())}>
        <Stack gap="md">
          <QueryView query={preview} lines={4}>
            {(data) => <Consequences preview={data} grace={Number(graceDays) > 0} signOut={signOut} />}
          </QueryView>
          {ownMissing && (
            <Notice
              tone="warn"
              icon="shield"
              action={
                <LinkButton to="/me/security" search={{ start: 'enable' }} size="sm">
                  {t('enforce.setUpOwn')}
                </LinkButton>
              }
            >
              {t('enforce.ownMissing')}
            </Notice>
          )}
          <details className={classes.options}>
            <summary>{t('enforce.options')}</summary>
            <Stack gap="md" mt="md">
              <NativeSelect
                label={t('strength.label')}
                description={t('strength.description')}
                data={strengths.map((value) => ({ value, label: t(`strength.${value}`) }))}
                {...form.getInputProps('strength')}
              />
              <NumberInput
                label={t('enforce.graceDays')}
                description={t('enforce.graceDaysText')}
                min={0}
                max={30}
                allowDecimal={false}
                allowNegative={false}
                clampBehavior="strict"
                {...form.getInputProps('graceDays')}
              />
              <Checkbox
                label={t('enforce.signOut')}
                description={t('enforce.signOutText')}
                {...form.getInputProps('signOut', { type: 'checkbox' })}
              />
            </Stack>
          </details>
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
            <Button type="submit" loading={enforce.busy} disabled={!matches(number, account)}>
              {t('enforce.submit')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  )
}
