import { useQueryClient } from '@tanstack/react-query'

const shows = [
  '/accounts/{account_id}/members',
  '/accounts/{account_id}/invitations',
  '/accounts/{account_id}/two-factor',
  // A change of one's own role, or leaving.
  '/accounts',
  '/me',
]

export function useRefreshMembers(): () => Promise<void> {
  const cache = useQueryClient()
  return async () => {
    await Promise.all(shows.map((path) => cache.invalidateQueries({ queryKey: ['get', path] })))
  }
}
