import { useQueryClient } from '@tanstack/react-query'

/** What an enforcement changes, for the person who changed it too. */
const shows = [
  '/accounts',
  '/accounts/{account_id}/two-factor',
  '/accounts/{account_id}/two-factor/preview',
  '/accounts/{account_id}/members',
  '/me',
]

export function useRefreshRule(): () => Promise<void> {
  const cache = useQueryClient()
  return async () => {
    await Promise.all(shows.map((path) => cache.invalidateQueries({ queryKey: ['get', path] })))
  }
}
