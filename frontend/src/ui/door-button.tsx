import type { ComponentProps } from 'react'
import classes from './door-button.module.css'

interface DoorButtonProps extends ComponentProps<'button'> {
  busy?: boolean
}

/** The main button of pages that come before everything else: plain HTML, for the same reason as `Field`. */
export function DoorButton({ busy = false, disabled, className, ...button }: DoorButtonProps) {
  return (
    <button
      type="button"
      {...button}
      className={`${classes.button} ${className ?? ''}`}
      aria-busy={busy || undefined}
      disabled={busy || disabled}
    />
  )
}
