import { Group, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { useMe } from '@/session/me'
import { LinkButton } from '@/ui/link-button'
import { Panel } from '@/ui/panel'
import { QueryView } from '@/ui/query-view'
import { StatusBadge } from '@/ui/status-badge'

/** How the person's sign-in is protected, on the profile page; everything about it is on the page for security. */
export function TwoFactorSummary() {
  const { t } = useTranslation(['security', 'common'])
  const me = useMe()
  const own = me.data?.two_factor
  return (
    <Panel
      title={t('twoFactor.title')}
      actions={
        own && (
          <StatusBadge tone={own.active ? 'good' : 'warn'}>
            {own.active ? t('enabled') : t('notEnabled')}
          </StatusBadge>
        )
      }
    >
      <QueryView query={me} lines={2}>
        {() =>
          own && (
            <Stack gap="md">
              <Text>
                {own.active
                  ? t('twoFactor.methods', {
                      methods: own.methods.map((m) => t(`common:method.${m}`)).join(', '),
                    })
                  : t('twoFactor.description')}
              </Text>
              <Group gap="sm">
                {own.active ? (
                  <LinkButton variant="default" to="/me/security" search={{ start: 'update' }}>
                    {t('factors.update')}
                  </LinkButton>
                ) : (
                  <LinkButton to="/me/security" search={{ start: 'enable' }}>
                    {t('twoFactor.setUp')}
                  </LinkButton>
                )}
                {own.active && own.can_disable && (
                  <LinkButton variant="default" to="/me/security" search={{ start: 'disable' }}>
                    {t('twoFactor.disable')}
                  </LinkButton>
                )}
              </Group>
            </Stack>
          )
        }
      </QueryView>
    </Panel>
  )
}
