import { Menu, type MenuItemProps } from '@mantine/core'
import { createLink } from '@tanstack/react-router'
import type { ComponentProps } from 'react'
import { useTranslation } from 'react-i18next'
import type { Me } from '@/api/schema'
import { session } from '@/session/session'
import { Icon } from '@/ui/icon'
import { useProblemText } from '@/ui/problem-text'
import { toastFailure } from '@/ui/toast'
import bar from './top-bar.module.css'

export function UserMenu({ me }: { me: Me | undefined }) {
  const { t } = useTranslation('shell')
  const problemText = useProblemText()
  const twoFactor = me?.two_factor

  async function signOut() {
    try {
      await session.signOut()
    } catch (error) {
      toastFailure(`${t('user.stillSignedIn')} ${problemText(error)}`)
    }
  }

  return (
    <Menu position="bottom-end" width={240} shadow="md">
      <Menu.Target>
        <button type="button" className={bar.button} aria-label={t('user.menu', { name: me?.name ?? '' })}>
          <Icon name="user" />
          <span className={`${bar.ellipsis} ${bar.userName}`}>{me?.name}</span>
          <Icon name="chevron" size={16} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me?.email}</Menu.Label>
        <LinkItem to="/me" leftSection={<Icon name="user" size={18} />}>
          {t('user.myAccount')}
        </LinkItem>
        {twoFactor && !twoFactor.active && (
          <LinkItem
            to="/me/security"
            search={{ start: 'enable' }}
            leftSection={<Icon name="shield" size={18} />}
          >
            {t('user.enable')}
          </LinkItem>
        )}
        {twoFactor?.active && twoFactor.can_disable && (
          <LinkItem
            to="/me/security"
            search={{ start: 'disable' }}
            leftSection={<Icon name="shield" size={18} />}
          >
            {t('user.disable')}
          </LinkItem>
        )}
        <Menu.Divider />
        <Menu.Item leftSection={<Icon name="signout" size={18} />} onClick={() => void signOut()}>
          {t('user.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function AnchorItem(props: MenuItemProps & Omit<ComponentProps<'a'>, keyof MenuItemProps>) {
  return <Menu.Item component="a" {...props} />
}
const LinkItem = createLink(AnchorItem)
