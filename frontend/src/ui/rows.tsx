import type { ReactNode } from 'react'
import classes from './rows.module.css'

/** A list whose entries are `<li>`: on a narrow screen it stacks where a table would overflow. */
export function Rows({ label, children }: { label: string; children: ReactNode }) {
  return (
    <ul className={classes.rows} aria-label={label}>
      {children}
    </ul>
  )
}
