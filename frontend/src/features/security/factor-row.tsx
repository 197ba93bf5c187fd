import { Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { isNotEmpty, useForm } from '@mantine/form'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Factor } from '@/api/schema'
import { session } from '@/session/session'
import { Dialog } from '@/ui/dialog'
import { Icon } from '@/ui/icon'
import { ProblemNotice } from '@/ui/problem-notice'
import { StatusBadge } from '@/ui/status-badge'
import { Time } from '@/ui/time'
import { toast } from '@/ui/toast'
import { useAction } from '@/ui/use-action'
import { methodIcons } from './enrolment/methods'
import classes from './factor-row.module.css'
import { useRefreshSecurity } from './refresh-security'

export function FactorRow({ factor, onReplace }: { factor: Factor; onReplace: () => void }) {
  const { t } = useTranslation(['security', 'common'])
  const refresh = useRefreshSecurity()
  const [dialog, setDialog] = useState<'rename' | 'remove'>()
  const path = { path: { factor_id: factor.id } }
  const makeDefault = useAction(async () => {
    await session.api.PATCH('/me/factors/{factor_id}', { params: path, body: { default: true } })
    await refresh()
  })
  const remove = useAction(async () => {
    await session.api.DELETE('/me/factors/{factor_id}', { params: path })
    setDialog(undefined)
    toast(t('factors.removed', { name: factor.name }))
    await refresh()
  })

  return (
    <li>
      <div className={classes.row}>
        <span className={classes.icon}>
          <Icon name={methodIcons[factor.type]} size={24} />
        </span>
        <div className={classes.text}>
          <Group gap="xs">
            <strong>{factor.name}</strong>
            {factor.default && <StatusBadge tone="note">{t('factors.default')}</StatusBadge>}
          </Group>
          <Text size="sm" c="dimmed">
            {t(`common:method.${factor.type}`)} · {t('factors.since')} <Time at={factor.created_at} /> ·{' '}
            {factor.last_used_at ? (
              <>
                {t('factors.lastUsed')} <Time at={factor.last_used_at} clock />
              </>
            ) : (
              t('factors.neverUsed')
            )}
          </Text>
        </div>
        <Group gap="xs" className={classes.actions}>
          <Button
            size="xs"
            variant="default"
            leftSection={<Icon name="swap" size={16} />}
            onClick={onReplace}
          >
            {t('factors.update')}
          </Button>
          {!factor.default && (
            <Button
              size="xs"
              variant="default"
              loading={makeDefault.busy}
              onClick={() => void makeDefault.run()}
            >
              {t('factors.makeDefault')}
            </Button>
          )}
          <Button size="xs" variant="default" onClick={() => setDialog('rename')}>
            {t('factors.rename')}
          </Button>
          <Button size="xs" variant="default" onClick={() => setDialog('remove')}>
            {t('factors.remove')}
          </Button>
        </Group>
      </div>
      {makeDefault.failure !== undefined && <ProblemNotice error={makeDefault.failure} />}
      {dialog === 'rename' && <RenameDialog factor={factor} onClose={() => setDialog(undefined)} />}
      <Dialog
        opened={dialog === 'remove'}
        onClose={() => {
          setDialog(undefined)
          remove.clear()
        }}
        title={t('factors.removeTitle', { name: factor.name })}
      >
        <Stack gap="md">
          <Text>{t('factors.removeText')}</Text>
          {remove.failure !== undefined && <ProblemNotice error={remove.failure} />}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" data-autofocus onClick={() => setDialog(undefined)}>
              {t('common:cancel')}
            </Button>
            <Button color="red" loading={remove.busy} onClick={() => void remove.run()}>
              {t('factors.remove')}
            </Button>
          </Group>
        </Stack>
      </Dialog>
    </li>
  )
}

function RenameDialog({ factor, onClose }: { factor: Factor; onClose: () => void }) {
  const { t } = useTranslation(['security', 'common'])
  const refresh = useRefreshSecurity()
  const form = useForm({
    initialValues: { name: factor.name },
    validate: { name: isNotEmpty(t('factors.nameMissing')) },
  })
  const rename = useAction(async (name: string) => {
    const params = { path: { factor_id: factor.id } }
    await session.api.PATCH('/me/factors/{factor_id}', { params, body: { name } })
    onClose()
    await refresh()
  })
  return (
    <Dialog opened onClose={onClose} title={t('factors.renameTitle', { name: factor.name })} size="sm">
      <form onSubmit={form.onSubmit(({ name }) => void rename.run(name.trim()))}>
        <Stack gap="md">
          {rename.failure !== undefined && <ProblemNotice error={rename.failure} />}
          <TextInput
            label={t('factors.name')}
            maxLength={100}
            data-autofocus
            {...form.getInputProps('name')}
          />
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              {t('common:cancel')}
            </Button>
            <Button type="submit" loading={rename.busy}>
              {t('common:save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  )
}
