import { Button, Group, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Phone, PhoneKind } from '@/api/schema'
import { Icon } from '@/ui/icon'
import { StatusBadge } from '@/ui/status-badge'
import classes from '../factor-row.module.css'

interface NumberRowProps {
  phone: Phone
  onReplace: () => void
  /** To its code, or from a proven number to the second factor. */
  onGoOn: () => void
  onRemove: () => void
}

export function NumberRow({ phone, onReplace, onGoOn, onRemove }: NumberRowProps) {
  const { t } = useTranslation('phones')
  const { kind, hint, verified, factor_id: usedBy } = phone
  return (
    <Row
      kind={kind}
      badge={
        <StatusBadge tone={verified ? 'good' : 'warn'}>
          {verified ? t('verified') : t('notVerified')}
        </StatusBadge>
      }
      text={
        <>
          {hint} · {verified ? t(usedBy ? 'use.signIn' : `use.${kind}`) : t('use.none')}
        </>
      }
    >
      {!verified && (
        <Button size="xs" onClick={onGoOn} aria-label={t('verify.named', { hint })}>
          {t('verify.short')}
        </Button>
      )}
      {verified && kind === 'mobile' && !usedBy && (
        <Button size="xs" variant="default" onClick={onGoOn}>
          {t('useForSignIn')}
        </Button>
      )}
      <Button size="xs" variant="default" onClick={onReplace} aria-label={t(`replace.${kind}`)}>
        {t('replace.short')}
      </Button>
      <Button size="xs" variant="default" onClick={onRemove} aria-label={t('remove.named', { hint })}>
        {t('remove.short')}
      </Button>
    </Row>
  )
}

export function NoNumberRow({ kind, onAdd }: { kind: PhoneKind; onAdd: () => void }) {
  const { t } = useTranslation('phones')
  return (
    <Row kind={kind} text={t(`none.${kind}`)}>
      <Button size="xs" variant="default" leftSection={<Icon name="plus" size={16} />} onClick={onAdd}>
        {t(`add.${kind}`)}
      </Button>
    </Row>
  )
}

interface RowProps {
  kind: PhoneKind
  badge?: ReactNode
  text: ReactNode
  children: ReactNode
}

function Row({ kind, badge, text, children }: RowProps) {
  const { t } = useTranslation('phones')
  return (
    <li>
      <div className={classes.row}>
        <span className={classes.icon}>
          <Icon name={kind === 'mobile' ? 'app' : 'message'} size={24} />
        </span>
        <div className={classes.text}>
          <Group gap="xs">
            <strong>{t(`kind.${kind}`)}</strong>
            {badge}
          </Group>
          <Text size="sm" c="dimmed">
            {text}
          </Text>
        </div>
        <Group gap="xs" className={classes.actions}>
          {children}
        </Group>
      </div>
    </li>
  )
}
