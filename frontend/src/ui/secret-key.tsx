import { Group, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { CopyButton } from './copy-button'
import classes from './secret-key.module.css'

/** The key for people who cannot scan, in groups of four so that it can be typed. */
export function SecretKey({ secret }: { secret: string }) {
  const { t } = useTranslation()
  const groups = secret.match(/.{1,4}/g) ?? []
  return (
    <div>
      <Text size="sm" fw={600} mb={4}>
        {t('secretKey.label')}
      </Text>
      <Group gap="sm">
        <code className={classes.key}>{groups.join(' ')}</code>
        <CopyButton text={secret} label={t('secretKey.copy')} />
      </Group>
    </div>
  )
}
