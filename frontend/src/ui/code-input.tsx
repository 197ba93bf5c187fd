import { type Ref, useImperativeHandle, useRef } from 'react'
import classes from './code-input.module.css'
import { Field } from './field'

export const codeLength = 6

/** The digits of whatever was typed or pasted: blanks and dashes go, digits of other scripts become ASCII. */
export function digitsOf(text: string): string {
  return text.normalize('NFKC').replace(/\D/g, '').slice(0, codeLength)
}

interface CodeInputProps {
  label: string
  description?: string
  error?: string | undefined
  value: string
  onChange: (code: string) => void
  /** Called once with each full code. */
  onFull?: (code: string) => void
  readOnly?: boolean
  ref?: Ref<{ focus: () => void }>
}

/** One field for one code: a screen reader says one label, and a password manager or a text message fills it. */
export function CodeInput({
  label,
  description,
  error,
  value,
  onChange,
  onFull,
  readOnly,
  ref,
}: CodeInputProps) {
  const input = useRef<HTMLInputElement>(null)
  useImperativeHandle(ref, () => ({ focus: () => input.current?.focus() }), [])

  function change(text: string) {
    const code = digitsOf(text)
    if (code === value) return
    onChange(code)
    if (code.length === codeLength) onFull?.(code)
  }

  return (
    <Field
      ref={input}
      label={label}
      description={description}
      error={error}
      className={classes.input}
      name="code"
      inputMode="numeric"
      autoComplete="one-time-code"
      autoCorrect="off"
      spellCheck={false}
      // Not maxLength: it would cut a pasted "123 456" before the blank is taken out.
      pattern="[0-9]*"
      placeholder="••••••"
      required
      readOnly={readOnly}
      data-autofocus
      value={value}
      onChange={(event) => change(event.currentTarget.value)}
    />
  )
}
