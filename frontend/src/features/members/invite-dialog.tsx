import '@mantine/core/styles/InlineInput.layer.css'
import '@mantine/core/styles/Checkbox.layer.css'
import { Button, Checkbox, Group, NativeSelect, Stack, TextInput } from '@mantine/core'
import { isEmail, useForm } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import type { Account, Role } from '@/api/schema'
import { session } from '@/session/session'
import { Dialog } from '@/ui/dialog'
import { Notice } from '@/ui/notice'
import { ProblemNotice } from '@/ui/problem-notice'
import { toast } from '@/ui/toast'
import { useAction } from '@/ui/use-action'
import { useWish } from '@/ui/use-wish'
import { useRefreshMembers } from './refresh-members'
import { assignableRoles } from './roles'

export function InviteDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const { t } = useTranslation(['members', 'common'])
  const refresh = useRefreshMembers()
  const wish = useWish()
  const form = useForm<{ email: string; role: Role; required: boolean }>({
    initialValues: { email: '', role: 'member', required: false },
    validate: { email: isEmail(t('invite.emailWrong')) },
  })
  const invite = useAction(
    async ({ email, role, required }: { email: string; role: Role; required: boolean }) => {
      const wanted = { email: email.trim(), role, two_factor_required: required }
      await wish(wanted, (header) =>
        session.api.POST('/accounts/{account_id}/invitations', {
          params: { path: { account_id: account.id }, header },
          body: wanted,
        }),
      )
      onClose()
      toast(t('invite.done', { email: email.trim() }))
      await refresh()
    },
  )
  return (
    <Dialog opened onClose={onClose} title={t('invite.title', { account: account.name })}>
      <form onSubmit={form.onSubmit((values) => void invite.run(values))} noValidate>
        <Stack gap="md">
          {invite.failure !== undefined && <ProblemNotice error={invite.failure} />}
          <TextInput
            label={t('invite.email')}
            type="email"
            autoComplete="off"
            maxLength={254}
            required
            withAsterisk={false}
            data-autofocus
            {...form.getInputProps('email')}
          />
          <NativeSelect
            label={t('invite.role')}
            description={t(`roleText.${form.values.role}`)}
            data={assignableRoles(account.role).map((role) => ({
              value: role,
              label: t(`common:role.${role}`),
            }))}
            {...form.getInputProps('role')}
          />
          {account.two_factor_enforced ? (
            <Notice tone="note">{t('invite.enforced')}</Notice>
          ) : (
            <Checkbox
              label={t('required')}
              description={t('invite.requiredText')}
              {...form.getInputProps('required', { type: 'checkbox' })}
            />
          )}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              {t('common:cancel')}
            </Button>
            <Button type="submit" loading={invite.busy}>
              {t('invite.submit')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  )
}
