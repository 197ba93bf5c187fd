import type { SessionState } from './state'

/**
 * How far this browser had come when it was last looked at. A guess, and no secret: it only decides what to ask first, and
 * what to load. `between`: behind the first door, until that sign-in ends.
 */
export type Hint = { stage: 'full' } | { stage: 'between'; endsAt: number }

export interface HintKeeper {
  read(): Hint | undefined
  remember(state: SessionState): void
}

const key = 'sallyport.session'
const full = '1'

export function keepHint(now: () => number, storage: Storage = globalThis.localStorage): HintKeeper {
  return {
    read() {
      const text = storage.getItem(key)
      if (text === null) return undefined
      if (text === full) return { stage: 'full' }
      const endsAt = Number(text)
      return endsAt > now() ? { stage: 'between', endsAt } : undefined
    },
    remember(state) {
      if (state.stage === 'full') storage.setItem(key, full)
      else if (state.stage === 'signed_out') storage.removeItem(key)
      else if ('endsAt' in state && state.endsAt !== undefined) storage.setItem(key, String(state.endsAt))
    },
  }
}
