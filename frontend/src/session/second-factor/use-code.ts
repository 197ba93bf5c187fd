import { useEffect, useRef, useState } from 'react'

/** A code being typed, with its field. */
export function useCode(takesFocus: boolean) {
  const [code, setCode] = useState('')
  const current = useRef('')
  const input = useRef<{ focus: () => void }>(null)

  useEffect(() => {
    if (takesFocus) input.current?.focus()
  }, [takesFocus])

  function change(next: string) {
    current.current = next
    setCode(next)
  }
  return {
    code,
    input,
    /** The code as it is at this moment, ahead of the next rendering. */
    current,
    change,
    again() {
      change('')
      input.current?.focus()
    },
  }
}
