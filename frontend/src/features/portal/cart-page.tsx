import '@mantine/core/styles/NumberInput.layer.css'
import { ActionIcon, Group, NumberInput } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CartItem } from '@/api/schema'
import { EmptyState } from '@/ui/empty-state'
import { Icon } from '@/ui/icon'
import { LinkButton } from '@/ui/link-button'
import { formatMoney } from '@/ui/money'
import { Page } from '@/ui/page'
import { Panel } from '@/ui/panel'
import { ProblemNotice } from '@/ui/problem-notice'
import { QueryView } from '@/ui/query-view'
import { Rows } from '@/ui/rows'
import { useAction } from '@/ui/use-action'
import classes from './cart-page.module.css'
import { useCart } from './use-cart'

const route = getRouteApi('/accounts/$accountId/cart')

export default function CartPage() {
  const { t, i18n } = useTranslation('portal')
  const { accountId } = route.useParams()
  const { cart } = useCart(accountId)
  const toCatalogue = (
    <LinkButton to="/accounts/$accountId/catalogue" params={{ accountId }} variant="light">
      {t('cart.toCatalogue')}
    </LinkButton>
  )
  return (
    <Page title={t('cart.title')}>
      <QueryView query={cart} lines={6}>
        {({ items, total }) =>
          items.length === 0 ? (
            <Panel>
              <EmptyState icon="cart" title={t('cart.empty')} action={toCatalogue} />
            </Panel>
          ) : (
            <Panel flush>
              <Rows label={t('cart.title')}>
                {items.map((item) => (
                  <CartRow key={item.id} accountId={accountId} item={item} />
                ))}
              </Rows>
              <Group justify="space-between" className={classes.total}>
                {toCatalogue}
                <p>
                  {t('cart.total')} <strong>{formatMoney(total, i18n.language)}</strong>
                </p>
              </Group>
            </Panel>
          )
        }
      </QueryView>
    </Page>
  )
}

const settle = 400

function CartRow({ accountId, item }: { accountId: string; item: CartItem }) {
  const { t, i18n } = useTranslation('portal')
  const { setQuantity, remove } = useCart(accountId)
  const [wanted, setWanted] = useState<number | string>(item.quantity)
  const change = useAction((quantity: number) => setQuantity(item.id, quantity))
  const drop = useAction(() => remove(item.id))
  const failure = change.failure ?? drop.failure

  // Another tab, or the server's own limit.
  useEffect(() => setWanted(item.quantity), [item.quantity])
  const { run } = change
  useEffect(() => {
    if (typeof wanted !== 'number' || wanted === item.quantity || wanted < 1) return
    const timer = setTimeout(() => void run(wanted), settle)
    return () => clearTimeout(timer)
  }, [wanted, item.quantity, run])

  return (
    <li>
      <div className={classes.row}>
        <div className={classes.name}>
          <strong>{item.product.name}</strong>
          <span className={classes.detail}>
            {formatMoney(item.product.price, i18n.language)} {t(`per.${item.product.period}`)}
          </span>
        </div>
        <NumberInput
          className={classes.quantity}
          aria-label={t('cart.quantityOf', { name: item.product.name })}
          value={wanted}
          onChange={setWanted}
          onBlur={() => {
            if (typeof wanted !== 'number') setWanted(item.quantity)
          }}
          min={1}
          max={100}
          allowDecimal={false}
          allowNegative={false}
          clampBehavior="strict"
        />
        <span className={classes.sum}>{formatMoney(item.total, i18n.language)}</span>
        <ActionIcon
          variant="subtle"
          color="red"
          size="lg"
          loading={drop.busy}
          onClick={() => void drop.run()}
          aria-label={t('cart.remove', { name: item.product.name })}
        >
          <Icon name="trash" size={18} />
        </ActionIcon>
      </div>
      {failure !== undefined && <ProblemNotice error={failure} />}
    </li>
  )
}
