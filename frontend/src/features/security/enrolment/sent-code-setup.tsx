import { body } from '@/api/client'
import { SentTo } from '@/session/second-factor/sent-to'
import { textOf, useSending } from '@/session/second-factor/use-sending'
import { session } from '@/session/session'
import { ProblemNotice } from '@/ui/problem-notice'
import { CodeForm } from '../code-form'
import { type SetupProps, verify } from './setup'

/** E-mail and text messages: the code is on its way already. */
export function SentCodeSetup({ setup, onVerified, onStartOver }: SetupProps) {
  const { id } = setup.factor
  const { sent, send, busy, failure } = useSending(({ by_voice }) => {
    const params = { path: { factor_id: id } }
    const request = by_voice ? { params, body: { by_voice } } : { params }
    return body(session.api.POST('/me/factors/{factor_id}/challenges', request))
  }, setup.challenge)
  return (
    <CodeForm
      onCode={async (code) => onVerified(await verify(id, { code }))}
      onStartOver={onStartOver}
      texted={textOf(sent)}
    >
      {failure !== undefined && <ProblemNotice error={failure} />}
      {sent && <SentTo sent={sent} busy={busy} onSend={(way) => void send(way)} />}
    </CodeForm>
  )
}
