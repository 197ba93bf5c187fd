import { Button } from '@mantine/core'
import { useCallback, useEffect, useImperativeHandle, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Challenge, ChallengeRequest } from '@/api/schema'
import { CodeInput, codeLength } from '@/ui/code-input'
import { ProblemNotice } from '@/ui/problem-notice'
import { useAction } from '@/ui/use-action'
import { SentTo } from './sent-to'
import { useCode } from './use-code'
import type { WayProps } from './way'

interface SentCodeProps extends WayProps {
  chosen: boolean
}

/** A code that comes by e-mail or text message. Nothing is sent before the person has picked it. */
export function SentCode({ ref, factor, chosen, ask, error, busy, onReady, onFull, ...way }: SentCodeProps) {
  const { t } = useTranslation('secondFactor')
  const { code, current, change, again, input } = useCode(way.takesFocus)
  const [challenge, setChallenge] = useState<Challenge>()
  const type = factor.type === 'sms' ? 'sms' : 'email'
  const send = useAction(async (request: Omit<ChallengeRequest, 'factor_id'>) => {
    setChallenge(await ask({ ...request, factor_id: factor.id }))
    again()
  })

  const begun = useRef(false)
  const { run } = send
  useEffect(() => {
    if (!chosen || begun.current) return
    begun.current = true
    void run({})
  }, [chosen, run])
  useEffect(() => onReady(challenge !== undefined && code.length === codeLength), [challenge, code, onReady])
  useImperativeHandle(ref, () => ({
    async collect() {
      if (!challenge || current.current.length !== codeLength) return undefined
      return { type, challenge_id: challenge.challenge_id, code: current.current }
    },
    again,
  }))

  const resend = useCallback((request: Omit<ChallengeRequest, 'factor_id'>) => void run(request), [run])
  return (
    <>
      {send.failure !== undefined && <ProblemNotice error={send.failure} />}
      {challenge ? (
        <>
          <CodeInput
            ref={input}
            label={t('code')}
            value={code}
            onChange={change}
            onFull={onFull}
            error={error}
            readOnly={busy}
          />
          <SentTo
            challenge={challenge}
            busy={send.busy}
            backup={factor.backup_hint}
            voice={type === 'sms'}
            onSend={resend}
          />
        </>
      ) : (
        <Button type="button" data-autofocus size="md" loading={send.busy} onClick={() => void run({})}>
          {t(`send.${type}`, { hint: factor.hint })}
        </Button>
      )}
    </>
  )
}
