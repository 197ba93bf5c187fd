import { Button, Group, Stack } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type SubmitEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useMe } from '@/session/me'
import { query } from '@/session/query'
import { session } from '@/session/session'
import { Field } from '@/ui/field'
import { LinkButton } from '@/ui/link-button'
import { NewPasswordField } from '@/ui/new-password-field'
import { Notice } from '@/ui/notice'
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
  const me = useMe()
  const { suspended, look } = useSuspendedTokens()
  const form = useRef<HTMLFormElement>(null)
  const change = useAction(async (password: string) => {
    await session.api.PUT('/me/password', { body: { password } })
    form.current?.reset()
    toast(t('credentials.passwordChanged'))
    await look()
  })
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    void change.run(String(new FormData(event.currentTarget).get('password')))
  }
  return (
    <form ref={form} onSubmit={submit}>
      <Stack gap="sm">
        {change.failure !== undefined && <ProblemNotice error={change.failure} />}
        {suspended > 0 && (
          <Notice
            tone="warn"
            icon="key"
            action={
              <LinkButton to="/me/api-tokens" size="sm" variant="default">
                {t('credentials.toTokens')}
              </LinkButton>
            }
          >
            {t('credentials.tokensSuspended', { count: suspended })}
          </Notice>
        )}
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

/** A new password suspends every API token, and programs that stop should not be what tells of it. */
function useSuspendedTokens() {
  const cache = useQueryClient()
  const [suspended, setSuspended] = useState(0)
  async function look() {
    const tokens = query.queryOptions('get', '/me/api-tokens')
    // The password is changed all the same where this cannot be read: the page for tokens says it then.
    const list = await cache.fetchQuery({ ...tokens, staleTime: 0 }).catch(() => undefined)
    setSuspended(list?.items.filter(({ status }) => status === 'suspended').length ?? 0)
  }
  return { suspended, look }
}

function EmailForm() {
  const { t } = useTranslation('profile')
  const form = useRef<HTMLFormElement>(null)
  const change = useAction(async (email: string) => {
    await session.api.POST('/me/email', { body: { email } })
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
