import { Button, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { FactorType } from '@/api/schema'
import { Icon } from '@/ui/icon'
import { Notice } from '@/ui/notice'
import { ProblemNotice } from '@/ui/problem-notice'
import classes from './choose-method.module.css'
import { methodIcons } from './methods'

interface ChooseMethodProps {
  methods: FactorType[]
  busy: boolean
  failure: unknown
  onChoose: (method: FactorType) => Promise<void>
}

export function ChooseMethod({ methods, busy, failure, onChoose }: ChooseMethodProps) {
  const { t } = useTranslation('enrolment')
  if (methods.length === 0) return <Notice tone="warn">{t('noMethod')}</Notice>
  return (
    <Stack gap="md">
      {failure !== undefined && <ProblemNotice error={failure} />}
      <ul className={classes.methods}>
        {methods.map((method) => (
          <li key={method} className={classes.method}>
            <span className={classes.icon}>
              <Icon name={methodIcons[method]} size={24} />
            </span>
            <div className={classes.text}>
              <Text fw={600}>{t(`method.${method}.name`)}</Text>
              <Text size="sm" c="dimmed">
                {t(`method.${method}.text`)}
              </Text>
            </div>
            <Button
              data-autofocus
              loading={busy}
              onClick={() => void onChoose(method)}
              aria-label={t('configureMethod', { method: t(`method.${method}.name`) })}
            >
              {t('configure')}
            </Button>
          </li>
        ))}
      </ul>
    </Stack>
  )
}
