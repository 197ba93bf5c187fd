import { Button, Group, Stack, Text } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import { hasCode } from '@/api/problem'
import type { Account } from '@/api/schema'
import { useConfirmed } from '@/session/confirmation/confirmation'
import { session } from '@/session/session'
import { Dialog } from '@/ui/dialog'
import { ProblemNotice } from '@/ui/problem-notice'
import { toast } from '@/ui/toast'
import { useAction } from '@/ui/use-action'
import { AccountNumberInput, matches } from './account-number-input'
import { useRefreshRule } from './refresh-rule'

export function LiftDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const { t } = useTranslation(['account', 'common'])
  const confirmed = useConfirmed()
  const refresh = useRefreshRule()
  const form = useForm({ initialValues: { number: '' } })
  const { number } = form.values
  const lift = useAction(async () => {
    await confirmed(() =>
      session.api.PUT('/accounts/{account_id}/two-factor', {
        params: { path: { account_id: account.id } },
        body: { enforced: false, account_number: number.trim() },
      }),
    )
    onClose()
    toast(t('lift.done', { account: account.name }))
    await refresh()
  })
  const wrongNumber = hasCode(lift.failure, 'account_number_mismatch')
  return (
    <Dialog opened onClose={onClose} title={t('lift.title')}>
      <form onSubmit={form.onSubmit(() => void lift.run())}>
        <Stack gap="md">
          <Text>{t('lift.text')}</Text>
          {lift.failure !== undefined && !wrongNumber && <ProblemNotice error={lift.failure} />}
          <AccountNumberInput
            account={account}
            error={wrongNumber ? t('common:problem.account_number_mismatch') : undefined}
            value={number}
            onChange={(value) => form.setFieldValue('number', value)}
          />
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              {t('common:cancel')}
            </Button>
            <Button type="submit" color="red" loading={lift.busy} disabled={!matches(number, account)}>
              {t('lift.submit')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  )
}
