import '@mantine/core/styles/Overlay.layer.css'
import '@mantine/core/styles/CloseButton.layer.css'
import '@mantine/core/styles/ModalBase.layer.css'
import '@mantine/core/styles/Drawer.layer.css'
import { Drawer } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Account } from '@/api/schema'
import { AccountSwitcher } from './account-switcher'
import classes from './shell.module.css'
import { SideMenu } from './side-menu'

interface MenuDrawerProps {
  account: Account | undefined
  opened: boolean
  onClose: () => void
}

/** The left menu of narrow screens, with the account switcher that has no place in their top bar. */
export default function MenuDrawer({ account, opened, onClose }: MenuDrawerProps) {
  const { t } = useTranslation(['shell', 'common'])
  return (
    <Drawer.Root opened={opened} onClose={onClose} size="xs">
      <Drawer.Overlay backgroundOpacity={0.5} />
      <Drawer.Content aria-label={t('menu.label')}>
        <Drawer.Header component="div">
          <Drawer.Title>Sallyport</Drawer.Title>
          <Drawer.CloseButton aria-label={t('common:close')} />
        </Drawer.Header>
        <Drawer.Body>
          <div className={classes.drawerSwitcher}>
            <AccountSwitcher account={account} inDrawer onSwitched={onClose} />
          </div>
          <nav aria-label={t('menu.label')}>
            <SideMenu account={account} onNavigate={onClose} />
          </nav>
        </Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  )
}
