import { Button, Group, Stack } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { hasCode } from '@/api/problem'
import type { Account } from '@/api/schema'
import { Dialog } from '@/ui/dialog'
import { ProblemNotice } from '@/ui/problem-notice'
import { toast } from '@/ui/toast'
import { useAction } from '@/ui/use-action'
import { AccountNumberInput, matches } from './account-number-input'
import { useRefreshRule } from './refresh-rule'

interface ConfirmByNumberProps {
  account: Account
  title: string
  submit: string
  /** What is said once it is done. */
  done: string
  call: (accountNumber: string) => Promise<unknown>
  /** Why it cannot be done. */
  barred?: boolean
  danger?: boolean
  onClose: () => void
  children: ReactNode
}

/** A dialog that says what will happen, and does it once the account number has been typed and the person confirmed. */
export function ConfirmByNumber({
  account,
  title,
  submit,
  done,
  call,
  barred = false,
  danger = false,
  onClose,
  children,
}: ConfirmByNumberProps) {
  const { t } = useTranslation(['account', 'common'])
  const refresh = useRefreshRule()
  const [number, setNumber] = useState('')
  const act = useAction(async () => {
    await call(number.trim())
    onClose()
    toast(done)
    await refresh()
  })
  const wrongNumber = hasCode(act.failure, 'account_number_mismatch')
  return (
    <Dialog opened onClose={onClose} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void act.run()
        }}
      >
        <Stack gap="md">
          {children}
          {act.failure !== undefined && !wrongNumber && <ProblemNotice error={act.failure} />}
          <AccountNumberInput
            account={account}
            error={wrongNumber ? t('common:problem.account_number_mismatch') : undefined}
            value={number}
            onChange={setNumber}
          />
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              {t('common:cancel')}
            </Button>
            <Button
              type="submit"
              color={danger ? 'red' : undefined}
              loading={act.busy}
              disabled={barred || !matches(number, account)}
            >
              {submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  )
}
