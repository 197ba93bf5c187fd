import { Button, Group, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { ApiToken } from '@/api/schema'
import { CopyButton } from '@/ui/copy-button'
import { Notice } from '@/ui/notice'
import classes from './made-token.module.css'

/** The token itself, for the one time that it is shown. */
export function MadeToken({ token, onDone }: { token: ApiToken; onDone: () => void }) {
  const { t } = useTranslation('apiTokens')
  const secret = token.token ?? ''
  return (
    <Stack gap="md">
      <Notice tone="warn">{t('new.once')}</Notice>
      <Group gap="sm">
        <code className={classes.token}>{secret}</code>
        <CopyButton text={secret} label={t('new.copy')} />
      </Group>
      <Text size="sm" c="dimmed">
        {t('new.use')}
      </Text>
      <Group justify="flex-end">
        <Button onClick={onDone}>{t('new.done')}</Button>
      </Group>
    </Stack>
  )
}
