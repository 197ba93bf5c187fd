import { Button, Group, Stack } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { asProblem, hasCode } from '@/api/problem'
import type { EnrolRequest, FactorType } from '@/api/schema'
import { ProblemNotice } from '@/ui/problem-notice'
import { useProblemText } from '@/ui/problem-text'
import { NumberField } from '../number-field'
import { SmsRisk } from './sms-risk'

type Numbers = Pick<EnrolRequest, 'phone_number' | 'backup_phone_number'>

interface PhoneNumberProps {
  /** What was typed before something came between. */
  wanted: Numbers | undefined
  /** The method to take instead, where there is one. */
  safer: FactorType | undefined
  busy: boolean
  failure: unknown
  onNumber: (numbers: Numbers) => void
  onBack: () => void
  onSafer: (method: FactorType) => void
}

export function PhoneNumber({ wanted, safer, busy, failure, onNumber, onBack, onSafer }: PhoneNumberProps) {
  const { t } = useTranslation('enrolment')
  const problemText = useProblemText()
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => input.current?.focus(), [])
  const concerns = (pointer: string) => failure !== undefined && asProblem(failure).concerns(pointer)
  const wrong = concerns('/phone_number')
  const same = hasCode(failure, 'same_number')
  const wrongBackup = same || concerns('/backup_phone_number')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        const form = new FormData(event.currentTarget)
        const backup = String(form.get('backup')).trim()
        onNumber({
          phone_number: String(form.get('phone')).trim(),
          ...(backup !== '' && { backup_phone_number: backup }),
        })
      }}
    >
      <Stack gap="md">
        <SmsRisk onSafer={safer && (() => onSafer(safer))} />
        {failure !== undefined && !wrong && !wrongBackup && <ProblemNotice error={failure} />}
        <NumberField
          ref={input}
          label={t('sms.number')}
          name="phone"
          defaultValue={wanted?.phone_number}
          required
          error={wrong ? t('sms.wrong') : undefined}
        />
        <NumberField
          label={t('sms.backup')}
          description={t('sms.backupHint')}
          name="backup"
          defaultValue={wanted?.backup_phone_number}
          error={same ? problemText(failure) : wrongBackup ? t('sms.wrong') : undefined}
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
