import { type ComponentProps, type ReactNode, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import classes from './field.module.css'

interface FieldProps extends ComponentProps<'input'> {
  label: string
  description?: string | undefined
  error?: string | undefined
  /** Inside the box, at its end. */
  trailing?: ReactNode
}

/**
 * A labelled input in plain HTML. The doors use it rather than the component library's, whose inputs alone would weigh
 * as much as the rest of the sign-in page.
 */
export function Field({ label, description, error, trailing, className, ...input }: FieldProps) {
  const id = useId()
  const describedBy = [description && `${id}-description`, error && `${id}-error`].filter(Boolean).join(' ')
  return (
    <div className={classes.field}>
      <label className={classes.label} htmlFor={id}>
        {label}
      </label>
      {description && (
        <p className={classes.description} id={`${id}-description`}>
          {description}
        </p>
      )}
      <div className={classes.box}>
        <input
          {...input}
          id={id}
          className={`${classes.input} ${className ?? ''}`}
          aria-invalid={error ? true : undefined}
          aria-describedby={describedBy || undefined}
        />
        {trailing}
      </div>
      {error && (
        <p className={classes.error} id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
    </div>
  )
}

/** A password with a way to see it: people who see what they type choose longer ones. */
export function PasswordField(props: Omit<FieldProps, 'type' | 'trailing'>) {
  const { t } = useTranslation()
  const [shown, setShown] = useState(false)
  return (
    <Field
      {...props}
      type={shown ? 'text' : 'password'}
      autoCapitalize="none"
      autoCorrect="off"
      spellCheck={false}
      trailing={
        <button
          type="button"
          className={classes.toggle}
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        >
          {t('showPassword')}
        </button>
      }
    />
  )
}
