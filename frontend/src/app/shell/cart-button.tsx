import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Account } from '@/api/schema'
import { query } from '@/session/query'
import { Icon } from '@/ui/icon'
import bar from './top-bar.module.css'

export function CartButton({ account }: { account: Account | undefined }) {
  const { t } = useTranslation('shell')
  const init = { params: { path: { account_id: account?.id ?? '' } } }
  const cart = query.useQuery('get', '/accounts/{account_id}/cart', init, { enabled: account !== undefined })
  if (!account) return null
  const count = cart.data?.count ?? 0
  return (
    <Link
      to="/accounts/$accountId/cart"
      params={{ accountId: account.id }}
      className={`${bar.button} ${bar.cart}`}
      aria-label={t('cart.items', { count })}
    >
      <Icon name="cart" />
      {count > 0 && (
        <span className={bar.count} aria-hidden="true">
          {count}
        </span>
      )}
    </Link>
  )
}
