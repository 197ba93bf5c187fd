import { Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { BrandMark } from '@/ui/brand'
import { useTitle } from '@/ui/page'
import classes from './bare.module.css'

/** A page with nothing but a message, for when there is no portal to show it in. */
export function Bare({ title, text, action }: { title: string; text: string; action: ReactNode }) {
  useTitle(title)
  return (
    <main className={classes.bare}>
      <Stack align="center" gap="md">
        <BrandMark size={48} />
        <Title order={1}>{title}</Title>
        <Text c="dimmed" maw={440}>
          {text}
        </Text>
        {action}
      </Stack>
    </main>
  )
}
