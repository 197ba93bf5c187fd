import { Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { isNotEmpty, useForm } from '@mantine/form'
import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Account } from '@/api/schema'
import { mayAdminister, useAccount, useAccounts } from '@/session/accounts'
import { query } from '@/session/query'
import { session } from '@/session/session'
import { EmptyState } from '@/ui/empty-state'
import { Page } from '@/ui/page'
import { Panel } from '@/ui/panel'
import { ProblemNotice } from '@/ui/problem-notice'
import { QueryView } from '@/ui/query-view'
import { toast } from '@/ui/toast'
import { useAction } from '@/ui/use-action'
import { IncidentPanel } from './incident-panel'
import { TwoFactorSection } from './two-factor-section'

const route = getRouteApi('/accounts/$accountId/settings')

export default function SettingsPage() {
  const { t } = useTranslation(['account', 'common'])
  const { accountId } = route.useParams()
  const accounts = useAccounts()
  const account = useAccount(accountId)
  return (
    <Page title={t('title')} lead={account && `${account.name} · ${account.number}`}>
      <QueryView query={accounts} lines={8}>
        {() =>
          account ? (
            <>
              <Protection key={account.id} account={account} />
              <General key={`${account.id} ${account.name}`} account={account} />
            </>
          ) : (
            <EmptyState icon="search" title={t('common:problem.not_found')} />
          )
        }
      </QueryView>
    </Page>
  )
}

function Protection({ account }: { account: Account }) {
  const rule = query.useQuery('get', '/accounts/{account_id}/two-factor', {
    params: { path: { account_id: account.id } },
  })
  return (
    <QueryView query={rule} lines={8}>
      {(current) => (
        <>
          <TwoFactorSection account={account} rule={current} />
          <IncidentPanel account={account} rule={current} />
        </>
      )}
    </QueryView>
  )
}

function General({ account }: { account: Account }) {
  const { t } = useTranslation(['account', 'common'])
  const cache = useQueryClient()
  const editable = mayAdminister(account.role)
  const form = useForm({
    initialValues: { name: account.name },
    validate: { name: isNotEmpty(t('general.nameMissing')) },
  })
  const rename = useAction(async (name: string) => {
    const params = { path: { account_id: account.id } }
    await session.api.PATCH('/accounts/{account_id}', { params, body: { name } })
    toast(t('general.saved'))
    await cache.invalidateQueries({ queryKey: ['get', '/accounts'] })
  })
  return (
    <Panel title={t('general.title')}>
      <form onSubmit={form.onSubmit(({ name }) => void rename.run(name.trim()))}>
        <Stack gap="md" maw={440}>
          {rename.failure !== undefined && <ProblemNotice error={rename.failure} />}
          <TextInput label={t('general.number')} value={account.number} readOnly />
          <TextInput
            label={t('general.name')}
            maxLength={100}
            required
            withAsterisk={false}
            readOnly={!editable}
            {...form.getInputProps('name')}
          />
          {editable ? (
            <Group>
              <Button type="submit" loading={rename.busy} disabled={!form.isDirty()}>
                {t('common:save')}
              </Button>
            </Group>
          ) : (
            <Text size="sm" c="dimmed">
              {t('general.whoMay')}
            </Text>
          )}
        </Stack>
      </form>
    </Panel>
  )
}
