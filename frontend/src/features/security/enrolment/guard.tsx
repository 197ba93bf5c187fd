import { Button, Group, Stack } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { body } from '@/api/client'
import { SentTo } from '@/session/second-factor/sent-to'
import { useSending } from '@/session/second-factor/use-sending'
import { session } from '@/session/session'
import { Notice } from '@/ui/notice'
import { ProblemNotice } from '@/ui/problem-notice'
import { CodeForm } from '../code-form'

interface GuardProps {
  onPassed: () => Promise<void>
  onBack: () => void
}

/** A guarded first enrolment: a code from the person's own mailbox, before anything is set up. */
export function Guard({ onPassed, onBack }: GuardProps) {
  const { t } = useTranslation('enrolment')
  const { sent, send, busy, failure } = useSending(() =>
    body(session.api.POST('/me/enrolment-guard/challenges')),
  )
  const begun = useRef(false)
  useEffect(() => {
    if (begun.current) return
    begun.current = true
    void send({})
  }, [send])
  return (
    <Stack gap="md">
      <CodeForm
        onCode={async (code) => {
          await session.api.POST('/me/enrolment-guard', { body: { code } })
          await onPassed()
        }}
      >
        <Notice tone="note" icon="mail" title={t('guard.title')}>
          {t('guard.why')}
        </Notice>
        {failure !== undefined && (
          <ProblemNotice error={failure} onRetry={sent ? undefined : () => void send({})} />
        )}
        {sent && <SentTo sent={sent} busy={busy} onSend={(way) => void send(way)} />}
      </CodeForm>
      <Group>
        <Button variant="subtle" size="compact-sm" px={0} onClick={onBack}>
          {t('back')}
        </Button>
      </Group>
    </Stack>
  )
}
