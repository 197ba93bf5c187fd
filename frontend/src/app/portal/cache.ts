import { QueryCache, QueryClient } from '@tanstack/react-query'
import { asProblem } from '@/api/problem'
import type { LiveEvent } from '@/session/events'
import { reportReachable } from './connection'

export function createCache(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => reportReachable(!asProblem(error).passing),
      onSuccess: () => reportReachable(true),
    }),
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        // A refusal will be the same next time; a lost connection may not.
        retry: (failures, error) => failures < 2 && asProblem(error).passing,
      },
    },
  })
}

/** What depends on the rules of the person's accounts, and on what they have against them. */
const rules = [
  '/me',
  '/me/factors',
  '/me/api-tokens',
  '/accounts',
  '/accounts/{account_id}/two-factor',
  '/accounts/{account_id}/two-factor/preview',
]

/** Reads anew what an event says has changed. */
export function keepCurrent(cache: QueryClient, event: LiveEvent): void {
  switch (event.type) {
    case 'cart_changed':
      void cache.invalidateQueries({ queryKey: ['get', '/accounts/{account_id}/cart'] })
      break
    case 'standing_changed':
    case 'account_changed':
      for (const path of rules) void cache.invalidateQueries({ queryKey: ['get', path] })
      break
  }
}
