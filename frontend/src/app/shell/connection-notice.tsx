import { Button } from '@mantine/core'
import { useNetwork } from '@mantine/hooks'
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Notice } from '@/ui/notice'
import { useReachable } from '../portal/connection'
import classes from './banner.module.css'

export function ConnectionNotice() {
  const { t } = useTranslation(['shell', 'common'])
  const cache = useQueryClient()
  const reachable = useReachable()
  const { online } = useNetwork()
  if (online && reachable) return null
  return (
    <div className={classes.banner} role="status">
      <Notice
        tone="warn"
        action={
          <Button size="xs" variant="default" onClick={() => void cache.refetchQueries({ type: 'active' })}>
            {t('common:retry')}
          </Button>
        }
      >
        {online ? t('connection.unavailable') : t('connection.offline')}
      </Notice>
    </div>
  )
}
