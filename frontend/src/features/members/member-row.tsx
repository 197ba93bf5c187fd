import '@mantine/core/styles/InlineInput.layer.css'
import '@mantine/core/styles/Switch.layer.css'
import { ActionIcon, Group, Menu, NativeSelect, Switch, Text } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Member, Role } from '@/api/schema'
import { mayAdminister } from '@/session/accounts'
import { useMe } from '@/session/me'
import { Icon } from '@/ui/icon'
import { ProblemNotice } from '@/ui/problem-notice'
import { StatusBadge } from '@/ui/status-badge'
import { AskDialog } from './ask-dialog'
import classes from './member-row.module.css'
import { RemoveDialog } from './remove-dialog'
import { assignableRoles, isLess } from './roles'
import { type MemberChange, useChangeMember } from './use-change-member'

interface MemberRowProps {
  accountId: string
  ownRole: Role | undefined
  member: Member
}

export function MemberRow({ accountId, ownRole, member }: MemberRowProps) {
  const { t } = useTranslation(['members', 'common'])
  const me = useMe().data
  const [removing, setRemoving] = useState(false)
  // A change of one's own that has to be thought over.
  const [asked, setAsked] = useState<MemberChange>()
  const change = useChangeMember(accountId, member, () => setAsked(undefined))

  const self = member.user_id === me?.id
  const administers = mayAdminister(ownRole)
  // An admin cannot touch an owner; the API has the last word either way.
  const editable = administers && (ownRole === 'owner' || member.role !== 'owner')
  // Nor release themselves from what somebody has asked of them.
  const bound = self && member.two_factor_required && ownRole !== 'owner'

  function want(wanted: MemberChange) {
    const shutsOut = wanted.two_factor_required === true && member.two_factor?.methods.length === 0
    const givesUp = wanted.role !== undefined && isLess(wanted.role, member.role)
    if (self && (shutsOut || givesUp)) setAsked(wanted)
    else void change.run(wanted)
  }

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
              description={bound ? t('ownersOnly') : undefined}
              aria-label={t('requiredOf', { name: member.name })}
              checked={member.two_factor_required}
              disabled={change.busy || bound}
              onChange={(event) => want({ two_factor_required: event.currentTarget.checked })}
            />
            <NativeSelect
              size="xs"
              aria-label={t('roleOf', { name: member.name })}
              value={member.role}
              disabled={change.busy}
              onChange={(event) => want({ role: event.currentTarget.value as Role })}
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
      {change.failure !== undefined && !asked && <ProblemNotice error={change.failure} />}
      {asked && (
        <AskDialog
          title={asked.role ? t('ownRole.title') : t('lockOut.title')}
          submit={asked.role ? t('ownRole.submit') : t('lockOut.submit')}
          busy={change.busy}
          failure={change.failure}
          onSubmit={() => void change.run(asked)}
          onClose={() => {
            setAsked(undefined)
            change.clear()
          }}
        >
          {asked.role
            ? t('ownRole.text', {
                role: t(`common:role.${asked.role}`),
                before: t(`common:role.${member.role}`),
              })
            : t('lockOut.text')}{' '}
          {asked.role && member.role === 'owner' && t('ownRole.owner')}
        </AskDialog>
      )}
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
  const { active } = member.two_factor
  const methods = member.two_factor.methods.map((m) => t(`common:method.${m}`)).join(', ')
  return (
    <StatusBadge tone={active ? 'good' : 'warn'}>
      {active
        ? t('twoFactor.active', { methods })
        : methods === ''
          ? t('twoFactor.missing')
          : t('twoFactor.notEnough', { methods })}
    </StatusBadge>
  )
}
