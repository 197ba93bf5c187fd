import { useEffect, useRef } from 'react'
import { session } from '@/session/session'

/** A setup that was begun and given up leaves no half-made factor behind. */
export function usePending() {
  const pending = useRef(new Pending())
  useEffect(() => {
    const { current } = pending
    return () => void current.discard()
  }, [])
  return pending.current
}

class Pending {
  private factorId: string | undefined

  keep(factorId: string) {
    this.factorId = factorId
  }

  /** It has become a factor that counts. */
  settle() {
    this.factorId = undefined
  }

  async discard(): Promise<void> {
    const factorId = this.factorId
    this.factorId = undefined
    // Behind the first door only there is no way to remove one; the server forgets it in time.
    if (!factorId || session.state().stage !== 'full') return
    await session.api
      .DELETE('/me/factors/{factor_id}', { params: { path: { factor_id: factorId } } })
      .catch(() => {})
  }
}
