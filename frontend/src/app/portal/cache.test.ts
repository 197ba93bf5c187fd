import { describe, expect, it } from 'vitest'
import { createCache, keepCurrent } from './cache'

const rule = ['get', '/accounts/{account_id}/two-factor', { params: { path: { account_id: 'a1' } } }]
const services = ['get', '/accounts/{account_id}/services', { params: { path: { account_id: 'a1' } } }]

/** A cache that has read everything a moment ago, and what of it is to be read anew after an event. */
function after(type: 'standing_changed' | 'account_changed') {
  const cache = createCache()
  const read = [['get', '/me'], ['get', '/accounts', {}], ['get', '/me/api-tokens'], rule, services]
  for (const key of read) cache.setQueryData(key, {})
  keepCurrent(cache, { type })
  return read.filter((key) => cache.getQueryState(key)?.isInvalidated).map(([, path]) => path)
}

describe('the cache', () => {
  it.each(['standing_changed', 'account_changed'] as const)(
    'reads what depends on the rules anew after %s, and nothing else',
    (event) => {
      expect(after(event)).toEqual([
        '/me',
        '/accounts',
        '/me/api-tokens',
        '/accounts/{account_id}/two-factor',
      ])
    },
  )
})
