import { type SubmitEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { hasCode } from '@/api/problem'
import { DoorButton } from '@/ui/door-button'
import { Doorway } from '@/ui/doorway'
import { NewPasswordField } from '@/ui/new-password-field'
import { ProblemNotice } from '@/ui/problem-notice'
import { useTitle } from '@/ui/title'
import { useAction } from '@/ui/use-action'
import { bareApi } from './api'
import { useMailToken } from './mail-token'
import { Outcome } from './outcome'

export default function ResetPasswordPage() {
  const { t } = useTranslation('access')
  const token = useMailToken()
  const [done, setDone] = useState(false)
  useTitle(t('reset.title'))
  const set = useAction(async (password: string) => {
    await bareApi.PUT('/auth/password-reset', { body: { token, password } })
    setDone(true)
  })
  const again = { href: '/forgot-password', label: t('reset.again') }
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    void set.run(String(new FormData(event.currentTarget).get('password')))
  }
  if (done) {
    return (
      <Doorway>
        <Outcome tone="good" heading={t('reset.done')} text={t('reset.doneText')} />
      </Doorway>
    )
  }
  if (!token || hasCode(set.failure, 'link_expired')) {
    return (
      <Doorway>
        <Outcome tone="warn" heading={t('expired')} text={t('expiredText')} to={again} />
      </Doorway>
    )
  }
  return (
    <Doorway>
      <form className="stack" onSubmit={submit}>
        <div>
          <h1>{t('reset.heading')}</h1>
          <p className="quiet">{t('reset.lead')}</p>
        </div>
        {set.failure !== undefined && <ProblemNotice error={set.failure} />}
        <NewPasswordField label={t('password.label')} failure={set.failure} passkey="maybe" />
        <DoorButton type="submit" busy={set.busy}>
          {t('reset.submit')}
        </DoorButton>
      </form>
    </Doorway>
  )
}
