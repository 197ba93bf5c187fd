import { Button, Group, Stack } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { asProblem } from '@/api/problem'
import { Field } from '@/ui/field'
import { Notice } from '@/ui/notice'
import { ProblemNotice } from '@/ui/problem-notice'

interface PhoneNumberProps {
  busy: boolean
  failure: unknown
  onNumber: (number: string) => void
  onBack: () => void
}

export function PhoneNumber({ busy, failure, onNumber, onBack }: PhoneNumberProps) {
  const { t } = useTranslation('enrolment')
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => input.current?.focus(), [])
  const wrong = failure !== undefined && asProblem(failure).concerns('/phone_number')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onNumber(String(new FormData(event.currentTarget).get('phone')).trim())
      }}
    >
      <Stack gap="md">
        <Notice tone="warn">{t('sms.risk')}</Notice>
        {failure !== undefined && !wrong && <ProblemNotice error={failure} />}
        <Field
          ref={input}
          label={t('sms.number')}
          description={t('sms.form')}
          name="phone"
          type="tel"
          autoComplete="tel"
          placeholder="+49 155 55012345"
          minLength={5}
          maxLength={32}
          required
          error={wrong ? t('sms.wrong') : undefined}
        />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onBack}>
            {t('back')}
          </Button>
          <Button type="submit" loading={busy}>
            {t('sms.send')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
