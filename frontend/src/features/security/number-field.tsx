import type { ComponentProps } from 'react'
import { useTranslation } from 'react-i18next'
import { Field } from '@/ui/field'

/** A telephone number as it is typed; what can be one is the API's to know. */
export function NumberField({ description, ...field }: ComponentProps<typeof Field>) {
  const { t } = useTranslation('enrolment')
  return (
    <Field
      {...field}
      description={description ?? t('sms.form')}
      type="tel"
      autoComplete="tel"
      placeholder="+49 155 55012345"
      minLength={5}
      maxLength={32}
    />
  )
}
