import { Button, Stack, Text } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Notice } from '@/ui/notice'
import { ProblemNotice } from '@/ui/problem-notice'
import { RecoveryCodes } from '@/ui/recovery-codes'

interface FinishProps {
  codes: string[] | undefined
  /** A backup number was given, which is verified on its own. */
  backup: boolean
  busy: boolean
  failure: unknown
  onOkay: () => Promise<void>
  onStartOver?: (() => void) | undefined
}

/** The factor is proven, and counts only once the person says so: until then nobody is bound to codes they did not see. */
export function Finish({ codes, backup, busy, failure, onOkay, onStartOver }: FinishProps) {
  const { t } = useTranslation('enrolment')
  const heading = useRef<HTMLParagraphElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <Stack gap="md">
      <Notice tone="good">
        <Text ref={heading} tabIndex={-1} inherit fw={600}>
          {t('finish.verified')}
        </Text>
      </Notice>
      {codes && codes.length > 0 ? <RecoveryCodes codes={codes} /> : <Text>{t('finish.noCodes')}</Text>}
      {backup && <Text>{t('finish.backup')}</Text>}
      {failure !== undefined && <ProblemNotice error={failure} onRetry={onStartOver} />}
      <Button loading={busy} onClick={() => void onOkay()}>
        {t('finish.okay')}
      </Button>
    </Stack>
  )
}
