import '@mantine/core/styles/InlineInput.layer.css'
import '@mantine/core/styles/Switch.layer.css'
import { ActionIcon, Group, Menu, NativeSelect, Switch, Text } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Member, Role } from '@/api/schema'
import { mayAdminister } from '@/session/accounts'
import { useMe } from '@/session/me'
import { session } from '@/session/session'
import { Icon } from '@/ui/icon'
import { ProblemNotice } from '@/ui/problem-notice'
import { StatusBadge } from '@/ui/status-badge'
import { useAction } from '@/ui/use-action'
import classes from './member-row.module.css'
import { useRefreshMembers } from './refresh-members'
import { RemoveDialog } from './remove-dialog'
import { assignableRoles } from './roles'

interface MemberRowProps {
  accountId: string
  ownRole: Role | undefined
  member: Member
}

export function MemberRow({ accountId, ownRole, member }: MemberRowProps) {
  const { t } = useTranslation(['members', 'common'])
  const me = useMe().data
  const refresh = useRefreshMembers()
  const [removing, setRemoving] = useState(false)
  const change = useAction(async (body: { role?: Role; two_factor_required?: boolean }) => {
    const path = { account_id: accountId, user_id: member.user_id }
    await session.api.PATCH('/accounts/{account_id}/members/{user_id}', { params: { path }, body })
    await refresh()
  })

  const self = member.user_id === me?.id
  const administers = mayAdminister(ownRole)
  // An admin cannot touch an owner; the API has the last word either way.
  const editable = administers && (ownRole === 'owner' || member.role !== 'owner')
  return (
    <li>
      <div className={classes.row}>
        <div className={classes.who}>
          <Group gap="xs">
            <strong>{member.name}</strong>
            {self && <StatusBadge tone="note">{t('you')}</StatusBadge>}
          </Group>
          <Text size="sm" c="dimmed" className={classes.email}>
            {member.email}
          </Text>
        </div>
        <TwoFactorState member={member} />
        {editable ? (
          <>
            <Switch
              size="sm"
              label={t('required')}
              aria-label={t('requiredOf', { name: member.name })}
              checked={member.two_factor_required}
              disabled={change.busy}
              onChange={(event) => void change.run({ two_factor_required: event.currentTarget.checked })}
            />
            <NativeSelect
              size="xs"
              aria-label={t('roleOf', { name: member.name })}
              value={member.role}
              disabled={change.busy}
              onChange={(event) => void change.run({ role: event.currentTarget.value as Role })}
              data={assignableRoles(ownRole, member.role).map((role) => ({
                value: role,
                label: t(`common:role.${role}`),
              }))}
            />
          </>
        ) : (
          <Text size="sm">{t(`common:role.${member.role}`)}</Text>
        )}
        {(editable || self) && (
          <Menu position="bottom-end" shadow="md">
            <Menu.Target>
              <ActionIcon variant="subtle" size="lg" aria-label={t('actionsOf', { name: member.name })}>
                <Icon name="more" />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<Icon name="trash" size={18} />} onClick={() => setRemoving(true)}>
                {self ? t('leave.open') : t('remove.open')}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </div>
      {change.failure !== undefined && <ProblemNotice error={change.failure} />}
      {removing && (
        <RemoveDialog accountId={accountId} member={member} self={self} onClose={() => setRemoving(false)} />
      )}
    </li>
  )
}

/** Absent where the person may not know it. */
function TwoFactorState({ member }: { member: Member }) {
  const { t } = useTranslation(['members', 'common'])
  if (!member.two_factor) return null
  const { active, methods } = member.two_factor
  return (
    <StatusBadge tone={active ? 'good' : 'warn'}>
      {active
        ? t('twoFactor.active', { methods: methods.map((m) => t(`common:method.${m}`)).join(', ') })
        : t('twoFactor.missing')}
    </StatusBadge>
  )
}
