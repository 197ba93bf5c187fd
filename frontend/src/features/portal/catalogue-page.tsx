import { Button } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Product } from '@/api/schema'
import { query } from '@/session/query'
import { EmptyState } from '@/ui/empty-state'
import { Icon } from '@/ui/icon'
import { formatMoney } from '@/ui/money'
import { Page } from '@/ui/page'
import { useProblemText } from '@/ui/problem-text'
import { QueryView } from '@/ui/query-view'
import { toast, toastFailure } from '@/ui/toast'
import { useAction } from '@/ui/use-action'
import classes from './catalogue-page.module.css'
import { kindIcons, kinds } from './service-kinds'
import { useCart } from './use-cart'

const route = getRouteApi('/accounts/$accountId/catalogue')

export default function CataloguePage() {
  const { t } = useTranslation('portal')
  const { accountId } = route.useParams()
  const catalogue = query.useQuery('get', '/catalogue')
  return (
    <Page title={t('catalogue.title')} lead={t('catalogue.lead')}>
      <QueryView query={catalogue} lines={10}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState icon="box" title={t('catalogue.none')} />
          ) : (
            kinds
              .map((kind) => ({ kind, products: items.filter((product) => product.kind === kind) }))
              .filter(({ products }) => products.length > 0)
              .map(({ kind, products }) => (
                <section key={kind} aria-labelledby={`kind-${kind}`}>
                  <h2 id={`kind-${kind}`} className={classes.kind}>
                    <Icon name={kindIcons[kind]} size={22} /> {t(`kind.${kind}`)}
                  </h2>
                  <ul className={classes.products}>
                    {products.map((product) => (
                      <ProductCard key={product.id} accountId={accountId} product={product} />
                    ))}
                  </ul>
                </section>
              ))
          )
        }
      </QueryView>
    </Page>
  )
}

function ProductCard({ accountId, product }: { accountId: string; product: Product }) {
  const { t, i18n } = useTranslation('portal')
  const problemText = useProblemText()
  const { add } = useCart(accountId)
  const order = useAction(async () => {
    try {
      await add(product.id)
      toast(t('catalogue.added', { name: product.name }))
    } catch (error) {
      toastFailure(problemText(error))
    }
  })
  return (
    <li className={classes.product}>
      <h3 className={classes.name}>{product.name}</h3>
      <p className={classes.text}>{product.description}</p>
      <p className={classes.price}>
        <strong>{formatMoney(product.price, i18n.language)}</strong> {t(`per.${product.period}`)}
      </p>
      <Button
        variant="light"
        loading={order.busy}
        onClick={() => void order.run()}
        aria-label={t('catalogue.addNamed', { name: product.name })}
        leftSection={<Icon name="plus" size={18} />}
      >
        {t('catalogue.add')}
      </Button>
    </li>
  )
}
