import { Button } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { useTranslation } from 'react-i18next'
import { Icon } from './icon'

/** Copies `text`, and says so to everybody. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const { t } = useTranslation()
  const { copy, copied } = useClipboard({ timeout: 2000 })
  return (
    <Button
      variant="default"
      size="xs"
      leftSection={<Icon name={copied ? 'check' : 'copy'} size={16} />}
      onClick={() => copy(text)}
    >
      <span aria-live="polite">{copied ? t('copied') : label}</span>
    </Button>
  )
}
