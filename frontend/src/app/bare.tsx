import type { ReactNode } from 'react'
import { BrandMark } from '@/ui/brand'
import { useTitle } from '@/ui/title'
import classes from './bare.module.css'

/** A page with nothing but a message, for when there is no portal to show it in. */
export function Bare({ title, text, action }: { title: string; text: string; action: ReactNode }) {
  useTitle(title)
  return (
    <main className={classes.bare}>
      <div className={classes.message}>
        <BrandMark size={48} />
        <h1>{title}</h1>
        <p className="quiet">{text}</p>
        {action}
      </div>
    </main>
  )
}
