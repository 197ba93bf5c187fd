import { Stack } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { body } from '@/api/client'
import type { Challenge, Phone } from '@/api/schema'
import { SentTo } from '@/session/second-factor/sent-to'
import { textOf, useSending } from '@/session/second-factor/use-sending'
import { session } from '@/session/session'
import { ProblemNotice } from '@/ui/problem-notice'
import { CodeForm } from '../code-form'

interface VerifyNumberProps {
  phone: Phone
  /** The code that is on its way already; without it one is sent. */
  first?: Challenge | undefined
  onVerified: (phone: Phone) => void
  onStartOver?: (() => void) | undefined
}

/** The code that proves a number. */
export function VerifyNumber({ phone, first, onVerified, onStartOver }: VerifyNumberProps) {
  const params = { path: { phone_id: phone.id } }
  const { sent, send, busy, failure } = useSending(({ by_voice }) => {
    const request = by_voice ? { params, body: { by_voice } } : { params }
    return body(session.api.POST('/me/phones/{phone_id}/challenges', request))
  }, first)
  const begun = useRef(first !== undefined)
  useEffect(() => {
    if (begun.current) return
    begun.current = true
    void send({})
  }, [send])
  return (
    <CodeForm
      onCode={async (code) =>
        onVerified(await body(session.api.POST('/me/phones/{phone_id}/verify', { params, body: { code } })))
      }
      onStartOver={onStartOver}
      texted={textOf(sent)}
    >
      <Stack gap="sm">
        {failure !== undefined && (
          <ProblemNotice error={failure} onRetry={sent ? undefined : () => void send({})} />
        )}
        {sent && <SentTo sent={sent} busy={busy} onSend={(way) => void send(way)} />}
      </Stack>
    </CodeForm>
  )
}
