import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { RequiredBy } from '@/api/schema'

/** Who asks for it, by kind only: before the second door not even an account's name is told. */
export function Why({ requiredBy }: { requiredBy: RequiredBy[] }) {
  const { t } = useTranslation('window')
  return (
    <div>
      {requiredBy.length <= 1 ? (
        <Text>{requiredBy[0] ? t(`why.${requiredBy[0]}`) : t('why.any')}</Text>
      ) : (
        requiredBy.map((by) => <Text key={by}>{t(`why.${by}`)}</Text>)
      )}
      <Text c="dimmed" size="sm" mt="xs">
        {t('until')}
      </Text>
    </div>
  )
}
