import { Anchor, Button } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ApiToken } from '@/api/schema'
import { query } from '@/session/query'
import { EmptyState } from '@/ui/empty-state'
import { Icon } from '@/ui/icon'
import { Panel } from '@/ui/panel'
import { QueryView } from '@/ui/query-view'
import { Rows } from '@/ui/rows'
import { MyAccount } from '../my-account'
import { NewTokenDialog } from './new-token-dialog'
import { RevokeDialog } from './revoke-dialog'
import { TokenRow } from './token-row'

/** The person's tokens for programs, and what has become of those before them. */
export default function ApiTokensPage() {
  const { t } = useTranslation(['profile', 'apiTokens'])
  const tokens = query.useQuery('get', '/me/api-tokens')
  const [making, setMaking] = useState(false)
  const [revoking, setRevoking] = useState<ApiToken>()
  return (
    <MyAccount title={t('tab.tokens')}>
      <Panel
        flush
        title={t('apiTokens:title')}
        description={
          <>
            {t('apiTokens:description')}{' '}
            <Anchor inherit underline="always" href="/docs">
              {t('apiTokens:reference')}
            </Anchor>
          </>
        }
        actions={
          <Button leftSection={<Icon name="plus" size={18} />} onClick={() => setMaking(true)}>
            {t('apiTokens:create')}
          </Button>
        }
      >
        <QueryView query={tokens}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState icon="key" title={t('apiTokens:none.title')}>
                {t('apiTokens:none.text')}
              </EmptyState>
            ) : (
              <Rows label={t('apiTokens:title')}>
                {items.map((token) => (
                  <TokenRow key={token.id} token={token} onRevoke={() => setRevoking(token)} />
                ))}
              </Rows>
            )
          }
        </QueryView>
      </Panel>
      {making && <NewTokenDialog onClose={() => setMaking(false)} />}
      {revoking && <RevokeDialog token={revoking} onClose={() => setRevoking(undefined)} />}
    </MyAccount>
  )
}
