import { Button, Group, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Dialog } from '@/ui/dialog'
import { ProblemNotice } from '@/ui/problem-notice'

interface AskDialogProps {
  title: string
  submit: string
  busy: boolean
  failure: unknown
  onSubmit: () => void
  onClose: () => void
  children: ReactNode
}

/** Asks once more before somebody loses what they cannot take back themselves. */
export function AskDialog({ title, submit, busy, failure, onSubmit, onClose, children }: AskDialogProps) {
  const { t } = useTranslation('common')
  return (
    <Dialog opened onClose={onClose} title={title}>
      <Stack gap="md">
        <Text component="div">{children}</Text>
        {failure !== undefined && <ProblemNotice error={failure} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" data-autofocus onClick={onClose}>
            {t('cancel')}
          </Button>
          <Button color="red" loading={busy} onClick={onSubmit}>
            {submit}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  )
}
