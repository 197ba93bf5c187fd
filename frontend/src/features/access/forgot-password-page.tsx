import { type SubmitEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { DoorButton } from '@/ui/door-button'
import { Doorway } from '@/ui/doorway'
import { Field } from '@/ui/field'
import { ProblemNotice } from '@/ui/problem-notice'
import { useTitle } from '@/ui/title'
import { useAction } from '@/ui/use-action'
import { bareApi } from './api'
import { Outcome } from './outcome'

export default function ForgotPasswordPage() {
  const { t } = useTranslation('access')
  const [sentTo, setSentTo] = useState<string>()
  useTitle(t('forgot.title'))
  const ask = useAction(async (email: string) => {
    await bareApi.POST('/auth/password-reset', { body: { email } })
    setSentTo(email)
  })
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    void ask.run(String(new FormData(event.currentTarget).get('email')).trim())
  }
  return (
    <Doorway>
      {sentTo ? (
        <Outcome tone="good" heading={t('forgot.sent')} text={t('forgot.sentText', { email: sentTo })} />
      ) : (
        <form className="stack" onSubmit={submit}>
          <div>
            <h1>{t('forgot.heading')}</h1>
            <p className="quiet">{t('forgot.lead')}</p>
          </div>
          {ask.failure !== undefined && <ProblemNotice error={ask.failure} />}
          <Field
            label={t('email')}
            name="email"
            type="email"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={254}
            required
            autoFocus
          />
          <DoorButton type="submit" busy={ask.busy}>
            {t('forgot.submit')}
          </DoorButton>
          <p>
            <a href="/sign-in">{t('toSignIn')}</a>
          </p>
        </form>
      )}
    </Doorway>
  )
}
