import { Button, Group, Stack, Text } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { asProblem, hasCode } from '@/api/problem'
import type { PhoneKind } from '@/api/schema'
import { ProblemNotice } from '@/ui/problem-notice'
import { useProblemText } from '@/ui/problem-text'
import { NumberField } from '../number-field'

interface GiveNumberProps {
  kind: PhoneKind
  busy: boolean
  failure: unknown
  onNumber: (number: string) => void
  onCancel: () => void
}

export function GiveNumber({ kind, busy, failure, onNumber, onCancel }: GiveNumberProps) {
  const { t } = useTranslation(['phones', 'enrolment', 'common'])
  const problemText = useProblemText()
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => input.current?.focus(), [])
  const same = hasCode(failure, 'same_number')
  const wrong = failure !== undefined && asProblem(failure).concerns('/number')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onNumber(String(new FormData(event.currentTarget).get('phone')).trim())
      }}
    >
      <Stack gap="md">
        <Text>{t(`about.${kind}`)}</Text>
        {failure !== undefined && !wrong && !same && <ProblemNotice error={failure} />}
        <NumberField
          ref={input}
          label={t(`kind.${kind}`)}
          name="phone"
          required
          error={same ? problemText(failure) : wrong ? t('enrolment:sms.wrong') : undefined}
        />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onCancel}>
            {t('common:cancel')}
          </Button>
          <Button type="submit" loading={busy}>
            {t('enrolment:sms.send')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
