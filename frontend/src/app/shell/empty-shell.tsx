import { TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Icon } from '@/ui/icon'
import { Frame } from './frame'
import menu from './menu.module.css'
import { menuItems, serviceKinds } from './menu-items'
import bar from './top-bar.module.css'

/**
 * The portal's outline behind the enforcement window. It has no data to show, and fetches none; nothing in it can be
 * reached by pointer, keyboard or screen reader.
 */
export function EmptyShell() {
  const { t } = useTranslation('shell')
  return (
    <div inert aria-hidden="true" data-empty-shell="">
      <Frame
        burger={
          <button type="button" className={bar.button} disabled aria-label={t('menu.open')}>
            <Icon name="menu" />
          </button>
        }
        search={
          <TextInput
            disabled
            aria-label={t('search.label')}
            placeholder={t('search.placeholder')}
            leftSection={<Icon name="search" size={18} />}
            classNames={{ input: bar.searchInput, section: bar.searchSection }}
          />
        }
        cart={
          <button type="button" className={bar.button} disabled aria-label={t('cart.label')}>
            <Icon name="cart" />
          </button>
        }
        menu={
          <ul className={menu.list}>
            {menuItems
              .filter((item) => !item.administers)
              .map(({ text, icon }) => (
                <li key={text}>
                  <button type="button" className={menu.item} disabled>
                    <Icon name={icon} /> {t(text)}
                  </button>
                  {text === 'menu.services' && (
                    <ul className={`${menu.list} ${menu.sub}`}>
                      {Object.entries(serviceKinds).map(([kind, kindIcon]) => (
                        <li key={kind}>
                          <button type="button" className={menu.item} disabled>
                            <Icon name={kindIcon} size={18} />{' '}
                            {t(`kind.${kind as keyof typeof serviceKinds}`)}
                          </button>
                        </li>
                      ))}
                    </ul>
                  )}
                </li>
              ))}
          </ul>
        }
      />
    </div>
  )
}
