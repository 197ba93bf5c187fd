import { Button } from '@mantine/core'
import { useEffect, useImperativeHandle, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { CodeInput, codeLength, digitsOf } from '@/ui/code-input'
import { ProblemNotice } from '@/ui/problem-notice'
import { SentTo } from './sent-to'
import { useCode } from './use-code'
import { textOf, useSending, type Way } from './use-sending'
import { useTextedCode } from './use-texted-code'
import type { WayProps } from './way'

interface SentCodeProps extends WayProps {
  chosen: boolean
}

/** A code that comes by e-mail or text message. Nothing is sent before the person has picked it. */
export function SentCode({ ref, factor, chosen, ask, error, busy, onReady, onFull, ...way }: SentCodeProps) {
  const { t } = useTranslation('secondFactor')
  const { code, current, change, again, input } = useCode(way.takesFocus)
  const type = factor.type === 'sms' ? 'sms' : 'email'
  const sending = useSending((by: Way) => ask({ ...by, factor_id: factor.id }))
  const { sent, send } = sending

  const begun = useRef(false)
  useEffect(() => {
    if (!chosen || begun.current) return
    begun.current = true
    void send({})
  }, [chosen, send])
  useEffect(() => {
    if (sent) again()
  }, [sent, again])
  useEffect(() => onReady(sent !== undefined && code.length === codeLength), [sent, code, onReady])
  useTextedCode(textOf(sent), (text) => {
    change(digitsOf(text))
    if (current.current.length === codeLength) onFull?.()
  })
  useImperativeHandle(ref, () => ({
    async collect() {
      if (!sent || current.current.length !== codeLength) return undefined
      return { type, challenge_id: sent.challenge.challenge_id, code: current.current }
    },
    again,
  }))

  return (
    <>
      {sending.failure !== undefined && <ProblemNotice error={sending.failure} />}
      {sent ? (
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
            sent={sent}
            busy={sending.busy}
            backup={factor.backup_hint}
            onSend={(by) => void send(by)}
          />
        </>
      ) : (
        <Button type="button" data-autofocus size="md" loading={sending.busy} onClick={() => void send({})}>
          {t(`send.${type}`, { hint: factor.hint })}
        </Button>
      )}
    </>
  )
}
