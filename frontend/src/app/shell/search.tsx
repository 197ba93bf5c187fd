import { Combobox, Loader, TextInput, useCombobox } from '@mantine/core'
import { useDebouncedValue, useHotkeys } from '@mantine/hooks'
import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Account } from '@/api/schema'
import { query } from '@/session/query'
import { Icon } from '@/ui/icon'
import classes from './search.module.css'
import bar from './top-bar.module.css'

export function Search({ account }: { account: Account | undefined }) {
  const { t } = useTranslation('shell')
  const navigate = useNavigate()
  const [text, setText] = useState('')
  const [wanted] = useDebouncedValue(text.trim(), 200)
  const input = useRef<HTMLInputElement>(null)
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() })
  useHotkeys([['mod+K', () => input.current?.focus()]])

  const init = { params: { path: { account_id: account?.id ?? '' }, query: { q: wanted } } }
  const search = query.useQuery('get', '/accounts/{account_id}/search', init, {
    enabled: account !== undefined && wanted !== '',
  })
  const hits = search.data?.items ?? []

  function open(hitId: string) {
    const hit = hits.find(({ id }) => id === hitId)
    if (!hit || !account) return
    setText('')
    combobox.closeDropdown()
    input.current?.blur()
    const params = { accountId: account.id }
    if (hit.type === 'member')
      void navigate({ to: '/accounts/$accountId/members', params, search: { q: hit.title } })
    else void navigate({ to: '/accounts/$accountId/services', params, hash: hit.id })
  }

  return (
    <Combobox store={combobox} onOptionSubmit={open} shadow="md">
      <Combobox.Target withExpandedAttribute>
        <TextInput
          ref={input}
          type="search"
          role="combobox"
          aria-label={t('search.label')}
          placeholder={t('search.placeholder')}
          maxLength={100}
          leftSection={
            search.isFetching ? <Loader size={16} color="#c3d2df" /> : <Icon name="search" size={18} />
          }
          classNames={{ input: bar.searchInput, section: bar.searchSection }}
          disabled={!account}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value)
            combobox.openDropdown()
            combobox.resetSelectedOption()
          }}
          onFocus={() => text && combobox.openDropdown()}
          onBlur={() => combobox.closeDropdown()}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={wanted === '' || text.trim() === ''}>
        <Combobox.Options aria-label={t('search.results')} className={classes.options}>
          {hits.map((hit) => (
            <Combobox.Option key={hit.id} value={hit.id} className={classes.option}>
              <Icon name={hit.type === 'member' ? 'user' : 'server'} size={18} />
              <span className={classes.hit}>
                <span className={classes.title}>{hit.title}</span>
                <span className={classes.subtitle}>{hit.subtitle}</span>
              </span>
            </Combobox.Option>
          ))}
          {hits.length === 0 && (
            <Combobox.Empty>
              {search.error ? t('search.failed') : search.data ? t('search.none') : '…'}
            </Combobox.Empty>
          )}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  )
}
