import '../styles/portal'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { ConfirmationHost } from '@/session/confirmation/confirmation-host'
import { live } from '@/session/session'
import { ToastHost } from '@/ui/toast'
import { createCache, keepCurrent } from './cache'
import { createPortalRouter } from './router'

/** Everything behind both doors. When it goes, so does all that it knew. */
export default function Portal() {
  const [{ cache, router }] = useState(() => ({ cache: createCache(), router: createPortalRouter() }))

  useEffect(() => {
    const stop = live.listen((event) => keepCurrent(cache, event))
    return () => {
      stop()
      cache.clear()
      router.history.destroy()
    }
  }, [cache, router])

  return (
    <QueryClientProvider client={cache}>
      <ToastHost />
      <RouterProvider router={router} />
      <ConfirmationHost />
    </QueryClientProvider>
  )
}
