import { Button, Group, Stack } from '@mantine/core'
import { type SubmitEvent, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useConfirmed } from '@/session/confirmation/confirmation'
import { useMe } from '@/session/me'
import { session } from '@/session/session'
import { Field } from '@/ui/field'
import { NewPasswordField } from '@/ui/new-password-field'
import { Panel } from '@/ui/panel'
import { ProblemNotice } from '@/ui/problem-notice'
import { toast } from '@/ui/toast'
import { useAction } from '@/ui/use-action'

/** What the person signs in with. */
export function CredentialsPanel() {
  const { t } = useTranslation('profile')
  return (
    <Panel title={t('credentials.title')} description={t('credentials.lead')}>
      <Stack gap="xl" maw={440}>
        <PasswordForm />
        <EmailForm />
      </Stack>
    </Panel>
  )
}

function PasswordForm() {
  const { t } = useTranslation('profile')
  const confirmed = useConfirmed()
  const me = useMe()
  const form = useRef<HTMLFormElement>(null)
  const change = useAction(async (password: string) => {
    await confirmed(() => session.api.PUT('/me/password', { body: { password } }))
    form.current?.reset()
    toast(t('credentials.passwordChanged'))
  })
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    void change.run(String(new FormData(event.currentTarget).get('password')))
  }
  return (
    <form ref={form} onSubmit={submit}>
      <Stack gap="sm">
        {change.failure !== undefined && <ProblemNotice error={change.failure} />}
        <NewPasswordField
          label={t('credentials.newPassword')}
          failure={change.failure}
          passkey={me.data?.two_factor?.methods.includes('passkey') ? 'yes' : 'no'}
        />
        <Group>
          <Button type="submit" variant="default" loading={change.busy}>
            {t('credentials.changePassword')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function EmailForm() {
  const { t } = useTranslation('profile')
  const confirmed = useConfirmed()
  const form = useRef<HTMLFormElement>(null)
  const change = useAction(async (email: string) => {
    await confirmed(() => session.api.POST('/me/email', { body: { email } }))
    form.current?.reset()
    toast(t('credentials.emailAsked', { email }))
  })
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    void change.run(String(new FormData(event.currentTarget).get('email')).trim())
  }
  return (
    <form ref={form} onSubmit={submit}>
      <Stack gap="sm">
        {change.failure !== undefined && <ProblemNotice error={change.failure} />}
        <Field
          label={t('credentials.newEmail')}
          description={t('credentials.newEmailHint')}
          name="email"
          type="email"
          autoComplete="email"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={254}
          required
        />
        <Group>
          <Button type="submit" variant="default" loading={change.busy}>
            {t('credentials.changeEmail')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
