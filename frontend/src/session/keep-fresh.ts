import { isBetween, refreshDelay, type SessionState, tokenOf } from './state'
import type { SessionStore } from './store'

const retry = 3_000
/** What the clocks of two machines may make of the same moment. */
const slack = 5_000

/** Exchanges tokens before they end, and keeps asking while the server cannot be reached. */
export function keepFresh(session: SessionStore, now: () => number): void {
  let timer: ReturnType<typeof setTimeout> | undefined

  function schedule() {
    clearTimeout(timer)
    const state = session.state()
    if (state.stage === 'held') timer = setTimeout(attempt, retry, state)
    else if (isBetween(state) && state.endsAt !== undefined && state.endsAt <= state.expiresAt + slack) {
      // Its last token: there is nothing to exchange it for.
      timer = setTimeout(() => session.abandon('timed_out'), Math.max(0, state.endsAt - now()))
    } else if ('expiresAt' in state) timer = setTimeout(attempt, refreshDelay(state.expiresAt, now()), state)
  }

  async function attempt(state: SessionState) {
    await session.refresh(tokenOf(state))
    // An answer changes the state, which schedules the next one; without an answer this does.
    if (session.state() === state) timer = setTimeout(attempt, retry, state)
  }

  session.subscribe(schedule)
  schedule()
}
