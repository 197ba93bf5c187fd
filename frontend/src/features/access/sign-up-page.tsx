import { type SubmitEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Locale } from '@/api/schema'
import { DoorButton } from '@/ui/door-button'
import { Doorway } from '@/ui/doorway'
import { Field } from '@/ui/field'
import { NewPasswordField } from '@/ui/new-password-field'
import { ProblemNotice } from '@/ui/problem-notice'
import { useTitle } from '@/ui/title'
import { useAction } from '@/ui/use-action'
import { bareApi } from './api'
import { Outcome } from './outcome'

export default function SignUpPage() {
  const { t, i18n } = useTranslation('access')
  const [sentTo, setSentTo] = useState<string>()
  useTitle(t('signUp.title'))
  const ask = useAction(async (form: FormData) => {
    const text = (name: string) => String(form.get(name)).trim()
    await bareApi.POST('/auth/sign-up', {
      body: {
        email: text('email'),
        password: String(form.get('password')),
        name: text('name'),
        account_name: text('account_name'),
        locale: i18n.language as Locale,
      },
    })
    setSentTo(text('email'))
  })

  if (sentTo) {
    return (
      <Doorway>
        <Outcome tone="good" heading={t('signUp.sent')} text={t('signUp.sentText', { email: sentTo })} />
      </Doorway>
    )
  }
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    void ask.run(new FormData(event.currentTarget))
  }
  return (
    <Doorway>
      <form className="stack" onSubmit={submit}>
        <div>
          <h1>{t('signUp.heading')}</h1>
          <p className="quiet">{t('signUp.lead')}</p>
        </div>
        {ask.failure !== undefined && <ProblemNotice error={ask.failure} />}
        <Field label={t('name')} name="name" autoComplete="name" maxLength={100} required autoFocus />
        <Field
          label={t('accountName')}
          name="account_name"
          autoComplete="organization"
          maxLength={100}
          required
        />
        <Field
          label={t('email')}
          name="email"
          type="email"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={254}
          required
        />
        <NewPasswordField label={t('password.label')} failure={ask.failure} />
        <DoorButton type="submit" busy={ask.busy}>
          {t('signUp.submit')}
        </DoorButton>
        <p className="quiet">
          {t('signUp.known')} <a href="/sign-in">{t('toSignIn')}</a>
        </p>
      </form>
    </Doorway>
  )
}
