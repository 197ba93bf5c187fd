import { Group, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import classes from './page.module.css'
import { useTitle } from './title'

interface PageProps {
  title: string
  /** Where the heading stands for several pages. */
  documentTitle?: string
  lead?: ReactNode
  actions?: ReactNode
  children: ReactNode
}

/** One page of the portal: the heading, and the document's title after it. */
export function Page({ title, documentTitle = title, lead, actions, children }: PageProps) {
  useTitle(documentTitle)
  return (
    <div className={classes.page}>
      <Group justify="space-between" align="flex-end" gap="md">
        <div className={classes.heading}>
          <Title order={1}>{title}</Title>
          {lead && (
            <Text c="dimmed" mt={4}>
              {lead}
            </Text>
          )}
        </div>
        {actions}
      </Group>
      {children}
    </div>
  )
}
