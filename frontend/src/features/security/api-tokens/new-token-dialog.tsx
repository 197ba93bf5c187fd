import '@mantine/core/styles/InlineInput.layer.css'
import '@mantine/core/styles/Checkbox.layer.css'
import { Button, Checkbox, Group, NativeSelect, Stack, TextInput } from '@mantine/core'
import { isNotEmpty, useForm } from '@mantine/form'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { body } from '@/api/client'
import type { ApiToken, NewApiToken, Scope } from '@/api/schema'
import { session } from '@/session/session'
import { Dialog } from '@/ui/dialog'
import { ProblemNotice } from '@/ui/problem-notice'
import { formatTime } from '@/ui/time'
import { useAction } from '@/ui/use-action'
import { useWish } from '@/ui/use-wish'
import { MadeToken } from './made-token'
import { useRefreshTokens } from './refresh-tokens'
import { scopes, scopeTexts } from './scopes'

const lives = [7, 30, 90, 180, 365]
const day = 86_400_000

export function NewTokenDialog({ onClose }: { onClose: () => void }) {
  const { t, i18n } = useTranslation(['apiTokens', 'common'])
  const refresh = useRefreshTokens()
  const wish = useWish()
  const [made, setMade] = useState<ApiToken>()
  const form = useForm({
    initialValues: { name: '', scopes: [] as Scope[], days: '90' },
    validate: {
      name: isNotEmpty(t('new.nameMissing')),
      scopes: (chosen) => (chosen.length === 0 ? t('new.scopeMissing') : null),
    },
  })
  const create = useAction(async (wanted: NewApiToken) => {
    setMade(
      await wish(wanted, (header) =>
        body(session.api.POST('/me/api-tokens', { params: { header }, body: wanted })),
      ),
    )
    await refresh()
  })
  const ends = new Date(Date.now() + Number(form.values.days) * day).toISOString()

  return (
    <Dialog
      opened
      onClose={onClose}
      size="lg"
      title={made ? t('new.made', { name: made.name }) : t('create')}
    >
      {made ? (
        <MadeToken token={made} onDone={onClose} />
      ) : (
        <form
          onSubmit={form.onSubmit(({ name, scopes: chosen, days }) =>
            create.run({ name: name.trim(), scopes: chosen, expires_in_days: Number(days) }),
          )}
        >
          <Stack gap="md">
            {create.failure !== undefined && <ProblemNotice error={create.failure} />}
            <TextInput
              label={t('new.name')}
              description={t('new.nameHint')}
              maxLength={100}
              data-autofocus
              {...form.getInputProps('name')}
            />
            <Checkbox.Group label={t('new.scopes')} {...form.getInputProps('scopes')}>
              <Stack gap="xs" my="xs">
                {scopes.map((scope) => (
                  <Checkbox
                    key={scope}
                    value={scope}
                    label={t(`scope.${scopeTexts[scope]}.name`)}
                    description={t(`scope.${scopeTexts[scope]}.text`)}
                  />
                ))}
              </Stack>
            </Checkbox.Group>
            <NativeSelect
              label={t('new.life')}
              description={t('new.ends', { date: formatTime(ends, i18n.language) })}
              data={lives.map((days) => ({ value: String(days), label: t('new.days', { count: days }) }))}
              {...form.getInputProps('days')}
            />
            <Group justify="flex-end" gap="sm">
              <Button variant="default" onClick={onClose}>
                {t('common:cancel')}
              </Button>
              <Button type="submit" loading={create.busy}>
                {t('new.submit')}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Dialog>
  )
}
