import { useQueryClient } from '@tanstack/react-query'

export function useRefreshTokens(): () => Promise<void> {
  const cache = useQueryClient()
  return () => cache.invalidateQueries({ queryKey: ['get', '/me/api-tokens'] })
}
