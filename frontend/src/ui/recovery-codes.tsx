import { Button, Group, Stack } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { CopyButton } from './copy-button'
import { Icon } from './icon'
import { Notice } from './notice'
import classes from './recovery-codes.module.css'
import { saveFile } from './save-file'

/** Ten codes that are shown once, and the ways to keep them. */
export function RecoveryCodes({ codes }: { codes: string[] }) {
  const { t } = useTranslation()
  return (
    <Stack gap="md">
      <Notice tone="warn">{t('recoveryCodes.keep')}</Notice>
      <div className="print-only">
        <p className={classes.heading}>{t('recoveryCodes.heading')}</p>
        <ul className={classes.codes} aria-label={t('recoveryCodes.heading')}>
          {codes.map((code) => (
            <li key={code}>
              <code>{code}</code>
            </li>
          ))}
        </ul>
      </div>
      <Group gap="xs">
        <CopyButton text={codes.join('\n')} label={t('recoveryCodes.copy')} />
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="download" size={16} />}
          onClick={() =>
            saveFile(
              new Blob([`${t('recoveryCodes.heading')}\n\n${codes.join('\n')}\n`], { type: 'text/plain' }),
              'sallyport-recovery-codes.txt',
            )
          }
        >
          {t('recoveryCodes.download')}
        </Button>
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="print" size={16} />}
          onClick={() => window.print()}
        >
          {t('recoveryCodes.print')}
        </Button>
      </Group>
    </Stack>
  )
}
