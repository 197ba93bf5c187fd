import type { Transport } from '@/api/client'
import { readProblem } from '@/api/problem'
import type { Confirmation } from './kept'

const header = 'Sallyport-Confirmation'

/** What was confirmed may have run out meanwhile, but an API that is never satisfied must not keep a person typing. */
const mostQuestions = 2

/**
 * Confirms whatever is sent: each request bears the token while there is one, and where the API wants more, the person is
 * asked for exactly that, and the request is sent again. No caller has to think of it. `confirmable` says whether there is
 * a session that can be confirmed, and a page to ask on.
 */
export function confirming(
  confirmation: Confirmation,
  confirmable: () => boolean,
  transport: Transport,
): Transport {
  return async (request) => {
    for (let asked = 0; ; asked++) {
      const sent = request.clone()
      const token = confirmation.token()
      if (token) sent.headers.set(header, token)
      const response = await transport(sent)
      if (response.status !== 401 || asked === mostQuestions) return response
      const { code, needs, accepts } = await readProblem(response)
      if (code !== 'confirmation_required' || !confirmable()) return response
      await confirmation.ask({ needs: needs ?? ['password'], accepts })
    }
  }
}
