import { lazy, Suspense, useEffect, useState } from 'react'
import { Cancelled } from '@/api/cancelled'
import { session } from '../session'
import type { Question } from './kept'

const ConfirmDialog = lazy(() => import('./confirm-dialog'))

interface Asked extends Question {
  answered: (password: string | undefined) => void
  cancelled: () => void
}

/** The one confirmation dialog of the page that it stands in; any call of the session may bring it up. */
export function ConfirmationHost() {
  const [asked, setAsked] = useState<Asked>()

  useEffect(() => {
    let open: Asked | undefined
    const stop = session.confirmation.hostedBy(
      (question) =>
        new Promise((resolve, reject) => {
          open = { ...question, answered: resolve, cancelled: () => reject(new Cancelled()) }
          setAsked(open)
        }),
    )
    return () => {
      stop()
      // Nobody can answer any more; a promise that is settled already does not mind.
      open?.cancelled()
    }
  }, [])

  function close(settle: () => void) {
    setAsked(undefined)
    settle()
  }

  if (!asked) return null
  return (
    <Suspense fallback={null}>
      <ConfirmDialog
        question={asked}
        onConfirmed={(password) => close(() => asked.answered(password))}
        onCancel={() => close(asked.cancelled)}
      />
    </Suspense>
  )
}
