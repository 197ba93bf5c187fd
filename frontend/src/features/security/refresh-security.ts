import { useQueryClient } from '@tanstack/react-query'

/** What shows a person's factors, in whichever corner of the portal. */
const shows = [
  '/me',
  '/me/factors',
  '/me/phones',
  '/me/recovery-codes',
  '/me/sessions',
  '/accounts/{account_id}/two-factor',
  '/accounts/{account_id}/members',
]

export function useRefreshSecurity(): () => Promise<void> {
  const cache = useQueryClient()
  return async () => {
    await Promise.all(shows.map((path) => cache.invalidateQueries({ queryKey: ['get', path] })))
  }
}
