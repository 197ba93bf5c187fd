import { Button, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { FactorType } from '@/api/schema'
import { passkeysWork } from '@/session/second-factor/passkey'
import { Icon } from '@/ui/icon'
import { Notice } from '@/ui/notice'
import { ProblemNotice } from '@/ui/problem-notice'
import classes from './choose-method.module.css'
import { methodIcons } from './methods'

interface ChooseMethodProps {
  methods: FactorType[]
  busy: boolean
  failure: unknown
  onChoose: (method: FactorType) => void
}

export function ChooseMethod({ methods, busy, failure, onChoose }: ChooseMethodProps) {
  const { t } = useTranslation('enrolment')
  const [chosen, setChosen] = useState<FactorType>()
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
              data-autofocus={method === methods[0] || undefined}
              variant={method === methods[0] ? 'filled' : 'light'}
              loading={busy && chosen === method}
              disabled={method === 'passkey' && !passkeysWork()}
              onClick={() => {
                setChosen(method)
                onChoose(method)
              }}
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
