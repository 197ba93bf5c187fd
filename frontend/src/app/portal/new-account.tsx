import { Button, Stack, TextInput } from '@mantine/core'
import { isNotEmpty, useForm } from '@mantine/form'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { body } from '@/api/client'
import { session } from '@/session/session'
import { ProblemNotice } from '@/ui/problem-notice'
import { useAction } from '@/ui/use-action'
import { useWish } from '@/ui/use-wish'

export default function NewAccount() {
  const { t } = useTranslation('shell')
  const cache = useQueryClient()
  const navigate = useNavigate()
  const wish = useWish()
  const form = useForm({
    initialValues: { name: '' },
    validate: { name: isNotEmpty(t('noAccount.nameMissing')) },
  })
  const open = useAction(async (name: string) => {
    const wanted = { name }
    const account = await wish(wanted, (header) =>
      body(session.api.POST('/accounts', { params: { header }, body: wanted })),
    )
    await cache.invalidateQueries({ queryKey: ['get', '/accounts'] })
    await navigate({ to: '/accounts/$accountId', params: { accountId: account.id } })
  })
  return (
    <form onSubmit={form.onSubmit(({ name }) => void open.run(name.trim()))}>
      <Stack gap="sm">
        {open.failure !== undefined && <ProblemNotice error={open.failure} />}
        <TextInput label={t('noAccount.name')} maxLength={100} ta="left" {...form.getInputProps('name')} />
        <Button type="submit" loading={open.busy}>
          {t('noAccount.open')}
        </Button>
      </Stack>
    </form>
  )
}
