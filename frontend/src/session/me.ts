import { query } from './query'

/** The signed-in person. Only behind both doors are all fields there. */
export function useMe() {
  return query.useQuery('get', '/me')
}
