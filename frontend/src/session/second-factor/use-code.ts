import { useCallback, useEffect, useRef, useState } from 'react'

/** A code being typed, with its field. */
export function useCode(takesFocus: boolean) {
  const [code, setCode] = useState('')
  const current = useRef('')
  const input = useRef<{ focus: () => void }>(null)

  useEffect(() => {
    if (takesFocus) input.current?.focus()
  }, [takesFocus])

  const change = useCallback((next: string) => {
    current.current = next
    setCode(next)
  }, [])
  const again = useCallback(() => {
    change('')
    input.current?.focus()
  }, [change])
  return {
    code,
    input,
    /** The code as it is at this moment, ahead of the next rendering. */
    current,
    change,
    again,
  }
}
