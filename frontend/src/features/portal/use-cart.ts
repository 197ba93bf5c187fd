import { useQueryClient } from '@tanstack/react-query'
import { body } from '@/api/client'
import type { Cart } from '@/api/schema'
import { query } from '@/session/query'
import { session } from '@/session/session'

/** The cart of one account. Every change answers the whole cart, which goes straight into the cache. */
export function useCart(accountId: string) {
  const cache = useQueryClient()
  const init = { params: { path: { account_id: accountId } } }
  const cart = query.useQuery('get', '/accounts/{account_id}/cart', init)
  const { queryKey } = query.queryOptions('get', '/accounts/{account_id}/cart', init)

  async function change(call: Promise<{ data?: Cart }>): Promise<Cart> {
    await cache.cancelQueries({ queryKey })
    const next = await body<Cart>(call)
    cache.setQueryData(queryKey, next)
    return next
  }
  const itemPath = (itemId: string) => ({ params: { path: { account_id: accountId, item_id: itemId } } })

  return {
    cart,
    add: (productId: string) =>
      change(
        session.api.POST('/accounts/{account_id}/cart/items', {
          ...init,
          body: { product_id: productId, quantity: 1 },
        }),
      ),
    setQuantity: (itemId: string, quantity: number) =>
      change(
        session.api.PATCH('/accounts/{account_id}/cart/items/{item_id}', {
          ...itemPath(itemId),
          body: { quantity },
        }),
      ),
    remove: (itemId: string) =>
      change(session.api.DELETE('/accounts/{account_id}/cart/items/{item_id}', itemPath(itemId))),
  }
}
