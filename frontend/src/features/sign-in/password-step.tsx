import { type SubmitEvent, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { session } from '@/session/session'
import type { Ending } from '@/session/state'
import { DoorButton } from '@/ui/door-button'
import { Field, PasswordField } from '@/ui/field'
import { Notice } from '@/ui/notice'
import { useProblemText } from '@/ui/problem-text'

export function PasswordStep({ ending }: { ending: Ending | undefined }) {
  const { t } = useTranslation('signIn')
  const problemText = useProblemText()
  const [failure, setFailure] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const email = useRef<HTMLInputElement>(null)
  const password = useRef<HTMLInputElement>(null)

  useEffect(() => email.current?.focus(), [])

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    setBusy(true)
    setFailure(undefined)
    try {
      await session.signIn(String(form.get('email')).trim(), String(form.get('password')))
    } catch (error) {
      setFailure(error)
      setBusy(false)
      password.current?.select()
    }
  }

  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <div>
        <h1>{t('heading')}</h1>
        <p className="quiet">{t('lead')}</p>
      </div>
      {failure !== undefined ? (
        <Notice tone="bad">{problemText(failure)}</Notice>
      ) : (
        ending && <Notice tone={ending === 'signed_out' ? 'good' : 'warn'}>{t(`ending.${ending}`)}</Notice>
      )}
      <Field
        ref={email}
        label={t('email')}
        name="email"
        type="email"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={254}
        required
      />
      <PasswordField
        ref={password}
        label={t('password')}
        name="password"
        autoComplete="current-password"
        maxLength={1024}
        required
      />
      <DoorButton type="submit" busy={busy}>
        {t('signIn')}
      </DoorButton>
      <p className="quiet">
        <a href="/forgot-password">{t('forgotPassword')}</a>
        {' · '}
        <a href="/sign-up">{t('signUp')}</a>
      </p>
    </form>
  )
}
