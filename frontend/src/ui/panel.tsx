import { Group, Text, Title } from '@mantine/core'
import { type ReactNode, useId } from 'react'
import classes from './panel.module.css'

interface PanelProps {
  title?: ReactNode
  description?: ReactNode
  actions?: ReactNode
  /** The content draws its own edges, as a table does. */
  flush?: boolean
  children?: ReactNode
}

/** A titled section on a surface of its own. */
export function Panel({ title, description, actions, flush, children }: PanelProps) {
  const id = useId()
  return (
    <section className={classes.panel} aria-labelledby={title ? id : undefined}>
      {(title || actions) && (
        <Group justify="space-between" gap="sm" className={classes.head}>
          <div className={classes.title}>
            {title && (
              <Title order={2} id={id}>
                {title}
              </Title>
            )}
            {description && (
              <Text c="dimmed" size="sm" mt={2}>
                {description}
              </Text>
            )}
          </div>
          {actions}
        </Group>
      )}
      {children && <div className={flush ? classes.flush : classes.body}>{children}</div>}
    </section>
  )
}
