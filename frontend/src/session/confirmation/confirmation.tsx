import { createContext, lazy, type ReactNode, Suspense, useCallback, useContext, useState } from 'react'
import { Cancelled } from '@/ui/use-action'
import { type Ask, confirmed, type Need } from './confirmed'

const ConfirmDialog = lazy(() => import('./confirm-dialog'))

const AskContext = createContext<Ask>(() =>
  Promise.reject(new Error('There is no confirmation dialog here.')),
)

interface Question {
  needs: Need[]
  refused: unknown
  answered: (password: string | undefined) => void
  cancelled: () => void
}

/** Holds the one confirmation dialog of whatever is inside. */
export function ConfirmationProvider({ children }: { children: ReactNode }) {
  const [question, setQuestion] = useState<Question>()
  const ask = useCallback<Ask>(
    (needs, refused) =>
      new Promise((resolve, reject) => {
        setQuestion({ needs, refused, answered: resolve, cancelled: () => reject(new Cancelled()) })
      }),
    [],
  )

  function close(settle: () => void) {
    setQuestion(undefined)
    settle()
  }

  return (
    <AskContext value={ask}>
      {children}
      {question && (
        <Suspense fallback={null}>
          <ConfirmDialog
            needs={question.needs}
            refused={question.refused}
            onConfirmed={(password) => close(() => question.answered(password))}
            onCancel={() => close(question.cancelled)}
          />
        </Suspense>
      )}
    </AskContext>
  )
}

/** `confirmed(call)`: the call, confirmed by the person where the API asks for it. */
export function useConfirmed(): <T>(call: (password?: string) => Promise<T>) => Promise<T> {
  const ask = useContext(AskContext)
  return useCallback((call) => confirmed(call, ask), [ask])
}
