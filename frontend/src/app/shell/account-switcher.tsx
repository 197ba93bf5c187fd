import { Menu } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Account } from '@/api/schema'
import { useAccounts } from '@/session/accounts'
import { Icon } from '@/ui/icon'
import drawer from './account-switcher.module.css'
import bar from './top-bar.module.css'

interface AccountSwitcherProps {
  account: Account | undefined
  inDrawer?: boolean
  onSwitched?: () => void
}

export function AccountSwitcher({ account, inDrawer = false, onSwitched }: AccountSwitcherProps) {
  const { t } = useTranslation(['shell', 'common'])
  const accounts = useAccounts().data?.items ?? []
  const navigate = useNavigate()
  if (!account) return null

  function choose(accountId: string) {
    onSwitched?.()
    void navigate({ to: '/accounts/$accountId', params: { accountId } })
  }

  return (
    <Menu position="bottom-start" width={280} shadow="md" withinPortal={!inDrawer}>
      <Menu.Target>
        <button
          type="button"
          className={inDrawer ? drawer.button : `${bar.button} ${bar.switcher}`}
          aria-label={t('account.switch', { name: account.name, number: account.number })}
        >
          <span className={bar.ellipsis}>{account.name}</span>
          <Icon name="chevron" size={16} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('account.label')}</Menu.Label>
        {accounts.map((other) => (
          <Menu.Item
            key={other.id}
            onClick={() => choose(other.id)}
            aria-current={other.id === account.id ? 'true' : undefined}
            rightSection={other.id === account.id ? <Icon name="check" size={16} /> : undefined}
          >
            {other.name}
            <div className={drawer.detail}>
              {other.number} · {t(`common:role.${other.role}`)}
            </div>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
