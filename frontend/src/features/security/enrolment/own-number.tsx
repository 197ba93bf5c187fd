import { Button, Group, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Factor } from '@/api/schema'
import { Notice } from '@/ui/notice'
import { ProblemNotice } from '@/ui/problem-notice'
import { SmsRisk } from './sms-risk'

interface OwnNumberProps {
  hint: string
  replaces: Factor | undefined
  busy: boolean
  failure: unknown
  onAccept: () => void
  /** To the other methods; none where the factor is replaced by its like. */
  onSafer: (() => void) | undefined
  onSkip: () => void
}

/** A number that is the person's already: one press makes it their second factor. */
export function OwnNumber({ hint, replaces, busy, failure, onAccept, onSafer, onSkip }: OwnNumberProps) {
  const { t } = useTranslation('enrolment')
  return (
    <Stack gap="md">
      <Notice tone="good">{t('own.verified', { hint })}</Notice>
      <Text>{replaces ? t('own.move', { hint: replaces.hint }) : t('own.ask')}</Text>
      {!replaces && <SmsRisk onSafer={onSafer} />}
      {failure !== undefined && <ProblemNotice error={failure} />}
      <Group justify="flex-end" gap="sm">
        <Button variant="default" onClick={onSkip}>
          {t('own.skip')}
        </Button>
        <Button data-autofocus loading={busy} onClick={onAccept}>
          {replaces ? t('own.moveAccept') : t('own.accept')}
        </Button>
      </Group>
    </Stack>
  )
}
