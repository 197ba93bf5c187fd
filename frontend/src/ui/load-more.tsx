import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import classes from './load-more.module.css'

interface Paged {
  hasNextPage: boolean
  isFetchingNextPage: boolean
  fetchNextPage: () => unknown
}

export function LoadMore({ list }: { list: Paged }) {
  const { t } = useTranslation()
  if (!list.hasNextPage) return null
  return (
    <div className={classes.more}>
      <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
        {t('more')}
      </Button>
    </div>
  )
}
