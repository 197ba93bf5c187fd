import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Phone, PhoneKind } from '@/api/schema'
import { query } from '@/session/query'
import { Panel } from '@/ui/panel'
import { QueryView } from '@/ui/query-view'
import { Rows } from '@/ui/rows'
import { NumberDialog } from './number-dialog'
import { NoNumberRow, NumberRow } from './number-row'
import { RemoveNumberDialog } from './remove-number-dialog'

/** What is open over the page: a number that is given, one that is proven or made a factor, or one that goes. */
type Open =
  | { dialog: 'number'; kind: PhoneKind; phone?: Phone }
  | { dialog: 'remove'; phone: Phone }
  | undefined

const kinds: PhoneKind[] = ['mobile', 'backup']

/** The person's mobile number and the backup number, each of which counts once a code has proven it. */
export function PhonesPanel() {
  const { t } = useTranslation('phones')
  const phones = query.useQuery('get', '/me/phones')
  const [open, setOpen] = useState<Open>()
  return (
    <Panel title={t('title')} description={t('description')} flush>
      <QueryView query={phones} lines={2}>
        {({ items }) => (
          <Rows label={t('title')}>
            {kinds.map((kind) => {
              const own = items.filter((phone) => phone.kind === kind)
              const give = () => setOpen({ dialog: 'number', kind })
              if (own.length === 0) return <NoNumberRow key={kind} kind={kind} onAdd={give} />
              return own.map((phone) => (
                <NumberRow
                  key={phone.id}
                  phone={phone}
                  onReplace={give}
                  onGoOn={() => setOpen({ dialog: 'number', kind, phone })}
                  onRemove={() => setOpen({ dialog: 'remove', phone })}
                />
              ))
            })}
          </Rows>
        )}
      </QueryView>
      {open?.dialog === 'number' && (
        <NumberDialog kind={open.kind} phone={open.phone} onClose={() => setOpen(undefined)} />
      )}
      {open?.dialog === 'remove' && (
        <RemoveNumberDialog phone={open.phone} onClose={() => setOpen(undefined)} />
      )}
    </Panel>
  )
}
