import { type SubmitEvent, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { body } from '@/api/client'
import { hasCode } from '@/api/problem'
import type { Locale } from '@/api/schema'
import type { components } from '@/api/schema.gen'
import { DoorButton } from '@/ui/door-button'
import { Doorway } from '@/ui/doorway'
import { Field } from '@/ui/field'
import { NewPasswordField } from '@/ui/new-password-field'
import { Notice } from '@/ui/notice'
import { ProblemNotice } from '@/ui/problem-notice'
import { useTitle } from '@/ui/title'
import { useAction } from '@/ui/use-action'
import { bareApi } from './api'
import { useMailToken } from './mail-token'
import { Outcome } from './outcome'

/** The link of an invitation: what it leads to, and one way in. Nobody is signed in by it. */
export default function InvitationPage() {
  const { t, i18n } = useTranslation('access')
  const token = useMailToken()
  const [joined, setJoined] = useState(false)
  useTitle(t('invitation.title'))
  const [invitation, setInvitation] = useState<components['schemas']['InvitationDoor']>()
  const look = useAction(async () => {
    if (token) setInvitation(await body(bareApi.POST('/invitations/inspect', { body: { token } })))
  })
  const { run } = look
  useEffect(() => void run(), [run])
  const join = useAction(async (form: FormData) => {
    const name = form.get('name')
    const person = name
      ? { name: String(name).trim(), password: String(form.get('password')), locale: i18n.language as Locale }
      : {}
    await bareApi.POST('/invitations/accept', { body: { token, ...person } })
    setJoined(true)
  })
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    void join.run(new FormData(event.currentTarget))
  }

  if (joined) {
    return (
      <Doorway>
        <Outcome
          tone="good"
          heading={t('invitation.done')}
          text={invitation?.two_factor_required ? t('invitation.doneTwoFactor') : t('invitation.doneText')}
        />
      </Doorway>
    )
  }
  const failure = join.failure ?? look.failure
  if (token === '' || hasCode(failure, 'link_expired')) {
    return (
      <Doorway>
        <Outcome tone="warn" heading={t('expired')} text={t('invitation.expiredText')} />
      </Doorway>
    )
  }
  return (
    <Doorway>
      <form className="stack" onSubmit={submit}>
        <div>
          <h1>
            {invitation
              ? t('invitation.heading', { account: invitation.account_name })
              : t('invitation.title')}
          </h1>
          {invitation && (
            <p className="quiet">
              {t('invitation.lead', { inviter: invitation.inviter, email: invitation.email_hint })}
            </p>
          )}
        </div>
        {failure !== undefined && <ProblemNotice error={failure} />}
        {invitation?.two_factor_required && <Notice tone="warn">{t('invitation.twoFactor')}</Notice>}
        {invitation && !invitation.person_known && (
          <>
            <Field label={t('name')} name="name" autoComplete="name" maxLength={100} required />
            <NewPasswordField label={t('password.label')} failure={join.failure} />
          </>
        )}
        {invitation && (
          <DoorButton type="submit" busy={join.busy}>
            {t('invitation.submit')}
          </DoorButton>
        )}
      </form>
    </Doorway>
  )
}
