import { useCallback, useRef } from 'react'
import { isRefusal, newKey } from '@/api/idempotency'

interface Wish {
  body: string
  key: string
}

type Header = { 'Idempotency-Key': string }

/**
 * Gives what a form asks for a key of its own: pressed again after a lost answer, the same form makes nothing twice. The
 * key is kept until the answer came, whichever, or until something else is asked for.
 */
export function useWish(): <T>(body: object, call: (header: Header) => Promise<T>) => Promise<T> {
  const kept = useRef<Wish>(undefined)
  return useCallback(async (wanted, call) => {
    const body = JSON.stringify(wanted)
    if (kept.current?.body !== body) kept.current = { body, key: newKey() }
    try {
      const answer = await call({ 'Idempotency-Key': kept.current.key })
      kept.current = undefined
      return answer
    } catch (error) {
      if (isRefusal(error)) kept.current = undefined
      throw error
    }
  }, [])
}
