import createQueryClient from 'openapi-react-query'
import { session } from './session'

/** Typed hooks over the query cache; the cache is where all server state lives. */
export const query = createQueryClient(session.api)
