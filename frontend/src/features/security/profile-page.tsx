import { Button, Group, NativeSelect, Stack, TextInput } from '@mantine/core'
import { isNotEmpty, useForm } from '@mantine/form'
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { body } from '@/api/client'
import type { Locale, Me } from '@/api/schema'
import { useMe } from '@/session/me'
import { query } from '@/session/query'
import { session } from '@/session/session'
import { Panel } from '@/ui/panel'
import { ProblemNotice } from '@/ui/problem-notice'
import { QueryView } from '@/ui/query-view'
import { toast } from '@/ui/toast'
import { useAction } from '@/ui/use-action'
import { CredentialsPanel } from './credentials-panel'
import { MyAccount } from './my-account'
import { PhonesPanel } from './phones/phones-panel'
import { TwoFactorSummary } from './two-factor-summary'

export default function ProfilePage() {
  const { t } = useTranslation(['profile', 'common'])
  const me = useMe()
  return (
    <MyAccount title={t('tab.profile')}>
      <Panel title={t('profile.title')}>
        <QueryView query={me}>{(person) => <ProfileForm me={person} />}</QueryView>
      </Panel>
      <PhonesPanel />
      <TwoFactorSummary />
      <CredentialsPanel />
    </MyAccount>
  )
}

const languages: { value: Locale; label: string }[] = [
  { value: 'en', label: 'English' },
  { value: 'de', label: 'Deutsch' },
]

function ProfileForm({ me }: { me: Me }) {
  const { t } = useTranslation(['profile', 'common'])
  const cache = useQueryClient()
  const form = useForm({
    initialValues: { name: me.name ?? '', locale: me.locale },
    validate: { name: isNotEmpty(t('profile.nameMissing')) },
  })
  const save = useAction(async (values: { name: string; locale: Locale }) => {
    const saved = await body<Me>(session.api.PATCH('/me', { body: { ...values, name: values.name.trim() } }))
    cache.setQueryData(query.queryOptions('get', '/me').queryKey, saved)
    form.resetDirty()
    toast(t('profile.saved'))
  })
  return (
    <form onSubmit={form.onSubmit((values) => void save.run(values))}>
      <Stack gap="md" maw={440}>
        {save.failure !== undefined && <ProblemNotice error={save.failure} />}
        <TextInput label={t('profile.email')} value={me.email ?? ''} readOnly />
        <TextInput
          label={t('profile.name')}
          autoComplete="name"
          maxLength={100}
          required
          withAsterisk={false}
          {...form.getInputProps('name')}
        />
        <NativeSelect label={t('profile.language')} data={languages} {...form.getInputProps('locale')} />
        <Group>
          <Button type="submit" loading={save.busy} disabled={!form.isDirty()}>
            {t('common:save')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
