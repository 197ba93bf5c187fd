import { createElement, lazy, type ReactNode, Suspense, useSyncExternalStore } from 'react'

/** Loaded with the first word that there is to say: most views end without one. */
const load = () => import('./toasts')
const Toasts = lazy(load)

let wanted = false
const listeners = new Set<() => void>()

/** A short word of success. It outlives the page that said it. */
export function toast(message: string): void {
  void show({ message, color: 'harbour', autoClose: 6000 })
}

export function toastFailure(message: string): void {
  void show({ message, color: 'red', autoClose: 9000 })
}

async function show(toastData: { message: string; color: string; autoClose: number }) {
  wanted = true
  for (const listener of listeners) listener()
  const { showToast } = await load()
  showToast(toastData)
}

/** Where toasts appear, once there are any. */
export function ToastHost(): ReactNode {
  const needed = useSyncExternalStore(subscribe, () => wanted)
  return needed ? createElement(Suspense, { fallback: null }, createElement(Toasts)) : null
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
