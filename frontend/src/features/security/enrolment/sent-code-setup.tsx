import { SentTo } from '@/session/second-factor/sent-to'
import { textOf, useSending } from '@/session/second-factor/use-sending'
import { session } from '@/session/session'
import { ProblemNotice } from '@/ui/problem-notice'
import { CodeForm } from '../code-form'
import type { SetupProps } from './setup'

/** E-mail and text messages: the code is on its way already. */
export function SentCodeSetup({ setup, onVerified, onStartOver }: SetupProps) {
  const { sent, send, busy, failure } = useSending(
    ({ by_voice }) => session.enrolment.resend(by_voice ?? false),
    setup.challenge,
  )
  return (
    <CodeForm
      onCode={async (code) => onVerified(await session.enrolment.verify({ code }))}
      onStartOver={onStartOver}
      texted={textOf(sent)}
    >
      {failure !== undefined && <ProblemNotice error={failure} />}
      {sent && <SentTo sent={sent} busy={busy} onSend={(way) => void send(way)} />}
    </CodeForm>
  )
}
