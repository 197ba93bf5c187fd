import { useEffect, useState } from 'react'

/** Time left as m:ss. Silent for screen readers, which would read every second. */
export function Countdown({ until, onEnd }: { until: number; onEnd?: () => void }) {
  const left = useSecondsLeft(until, onEnd)
  const text = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
  return (
    <span role="timer" aria-live="off">
      {text}
    </span>
  )
}

export function useSecondsLeft(until: number, onEnd?: () => void): number {
  const [left, setLeft] = useState(() => secondsUntil(until))
  useEffect(() => {
    setLeft(secondsUntil(until))
    const timer = setInterval(() => {
      const seconds = secondsUntil(until)
      setLeft(seconds)
      if (seconds > 0) return
      clearInterval(timer)
      onEnd?.()
    }, 1000)
    return () => clearInterval(timer)
  }, [until, onEnd])
  return left
}

function secondsUntil(time: number): number {
  return Math.max(0, Math.ceil((time - Date.now()) / 1000))
}
