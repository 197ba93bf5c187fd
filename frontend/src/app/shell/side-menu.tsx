import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Account, ServiceKind } from '@/api/schema'
import { mayAdminister } from '@/session/accounts'
import { Icon } from '@/ui/icon'
import classes from './menu.module.css'
import { menuItems, serviceKinds, servicesPath } from './menu-items'

interface SideMenuProps {
  account: Account | undefined
  onNavigate?: () => void
}

export function SideMenu({ account, onNavigate }: SideMenuProps) {
  const { t } = useTranslation('shell')
  if (!account) return null
  const params = { accountId: account.id }
  const shown = (item: (typeof menuItems)[number]) => !item.administers || mayAdminister(account.role)
  return (
    <ul className={classes.list}>
      {menuItems.filter(shown).map(({ text, icon, to }) => (
        <li key={text}>
          <Link
            to={to}
            params={params}
            className={classes.item}
            // A list that is filtered is still the list; services have an entry for each kind.
            activeOptions={{ exact: true, includeSearch: to === servicesPath }}
            onClick={onNavigate}
          >
            <Icon name={icon} /> {t(text)}
          </Link>
          {to === servicesPath && (
            <ul className={`${classes.list} ${classes.sub}`}>
              {kinds.map((kind) => (
                <li key={kind}>
                  <Link
                    to={servicesPath}
                    params={params}
                    search={{ kind }}
                    className={classes.item}
                    activeOptions={{ exact: true }}
                    onClick={onNavigate}
                  >
                    <Icon name={serviceKinds[kind]} size={18} /> {t(`kind.${kind}`)}
                  </Link>
                </li>
              ))}
            </ul>
          )}
        </li>
      ))}
    </ul>
  )
}

const kinds = Object.keys(serviceKinds) as ServiceKind[]
