import { Button, Group, Stack, Text } from '@mantine/core'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Factor, Me } from '@/api/schema'
import { useMe } from '@/session/me'
import { query } from '@/session/query'
import { session } from '@/session/session'
import { Panel } from '@/ui/panel'
import { QueryView } from '@/ui/query-view'
import { Rows } from '@/ui/rows'
import { StatusBadge } from '@/ui/status-badge'
import { DisableDialog } from './disable-dialog'
import { EnrolDialog } from './enrol-dialog'
import { FactorRow } from './factor-row'
import { Requirements } from './requirements'

const route = getRouteApi('/me/security')

/** What is open over the page: the dialog for a new factor, for the one it replaces, or for none at all. */
type Open = { dialog: 'enrol'; replaces?: Factor; resumed?: boolean } | { dialog: 'disable' } | undefined

export function TwoFactorPanel() {
  const { t } = useTranslation(['security', 'common'])
  const me = useMe()
  const factors = query.useQuery('get', '/me/factors')
  const [open, setOpen] = useState<Open>()
  useStart(me.data, factors.data?.items, setOpen)
  useOpenEnrolment(factors.data?.items, setOpen)

  const own = me.data?.two_factor
  const active = factors.data?.items.filter((factor) => factor.status === 'active') ?? []
  return (
    <>
      <Panel
        title={t('twoFactor.title')}
        description={t('twoFactor.description')}
        actions={
          own && (
            <StatusBadge tone={own.active ? 'good' : 'warn'}>
              {own.active ? t('enabled') : t('notEnabled')}
            </StatusBadge>
          )
        }
      >
        <QueryView query={me} lines={3}>
          {() => (
            <Stack gap="md">
              {own?.active && (
                <Text>
                  {t('twoFactor.methods', {
                    methods: own.methods.map((m) => t(`common:method.${m}`)).join(', '),
                  })}
                </Text>
              )}
              {own && !own.can_disable && <Requirements requirements={own.required_by} />}
              <Group gap="sm">
                <Button
                  variant={own?.active ? 'default' : 'filled'}
                  onClick={() => setOpen({ dialog: 'enrol' })}
                >
                  {own?.active ? t('twoFactor.add') : t('twoFactor.setUp')}
                </Button>
                {own?.active && own.can_disable && (
                  <Button variant="default" onClick={() => setOpen({ dialog: 'disable' })}>
                    {t('twoFactor.disable')}
                  </Button>
                )}
              </Group>
            </Stack>
          )}
        </QueryView>
      </Panel>
      {own?.active && (
        <Panel title={t('factors.title')} flush>
          <QueryView query={factors} lines={3}>
            {() => (
              <Rows label={t('factors.title')}>
                {active.map((factor) => (
                  <FactorRow
                    key={factor.id}
                    factor={factor}
                    onReplace={() => setOpen({ dialog: 'enrol', replaces: factor })}
                  />
                ))}
              </Rows>
            )}
          </QueryView>
        </Panel>
      )}
      {open?.dialog === 'enrol' && (
        <EnrolDialog
          replaces={open.replaces}
          resumed={open.resumed ?? false}
          onClose={() => setOpen(undefined)}
        />
      )}
      {open?.dialog === 'disable' && <DisableDialog onClose={() => setOpen(undefined)} />}
    </>
  )
}

/** Whoever comes back, by a reload or from another page, finds what they were in the middle of. */
function useOpenEnrolment(factors: Factor[] | undefined, setOpen: (open: Open) => void) {
  const looked = useRef(false)
  useEffect(() => {
    if (!factors || looked.current) return
    looked.current = true
    const kept = session.enrolment.kept()
    if (!kept) return
    const replaces = factors.find(({ id }) => id === kept.replaces)
    setOpen({ dialog: 'enrol', resumed: true, ...(replaces && { replaces }) })
  }, [factors, setOpen])
}

/** The user menu leads here with a dialog to begin with; the address forgets it at once, so that a reload does not. */
function useStart(me: Me | undefined, factors: Factor[] | undefined, setOpen: (open: Open) => void) {
  const { start } = route.useSearch()
  const navigate = useNavigate()
  useEffect(() => {
    if (!start || !me?.two_factor || !factors) return
    const { active, can_disable: canDisable } = me.two_factor
    if (start === 'enable' && !active) setOpen({ dialog: 'enrol' })
    if (start === 'disable' && active && canDisable) setOpen({ dialog: 'disable' })
    const own = factors.filter((factor) => factor.status === 'active')
    // Of several the person says which, in the list.
    if (start === 'update' && own.length === 1 && own[0]) setOpen({ dialog: 'enrol', replaces: own[0] })
    void navigate({ to: '/me/security', search: {}, replace: true })
  }, [start, me, factors, setOpen, navigate])
}
