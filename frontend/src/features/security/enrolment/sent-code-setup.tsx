import { useState } from 'react'
import { body } from '@/api/client'
import { SentTo } from '@/session/second-factor/sent-to'
import { session } from '@/session/session'
import { ProblemNotice } from '@/ui/problem-notice'
import { useAction } from '@/ui/use-action'
import { CodeForm } from './code-form'
import type { SetupProps } from './setup'

/** E-mail and text messages: the code is on its way already. */
export function SentCodeSetup(props: SetupProps) {
  const { setup } = props
  const [challenge, setChallenge] = useState(setup.challenge)
  const resend = useAction(async () => {
    const params = { path: { factor_id: setup.factor.id } }
    setChallenge(await body(session.api.POST('/me/factors/{factor_id}/challenges', { params })))
  })
  return (
    <CodeForm {...props}>
      {resend.failure !== undefined && <ProblemNotice error={resend.failure} />}
      {challenge && <SentTo challenge={challenge} busy={resend.busy} onSend={() => void resend.run()} />}
    </CodeForm>
  )
}
