import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useState } from 'react'
import { describe, expect, it, vi } from 'vitest'
import { CodeInput, digitsOf } from './code-input'

function Harness({ onFull }: { onFull: (code: string) => void }) {
  const [code, setCode] = useState('')
  return <CodeInput label="Code" value={code} onChange={setCode} onFull={onFull} />
}

function setup() {
  const onFull = vi.fn()
  render(<Harness onFull={onFull} />)
  return { onFull, input: screen.getByLabelText('Code'), user: userEvent.setup() }
}

describe('the code input', () => {
  it('is one numeric field that the browser may fill', () => {
    const { input } = setup()
    expect(input).toHaveAttribute('inputmode', 'numeric')
    expect(input).toHaveAttribute('autocomplete', 'one-time-code')
    expect(input).not.toHaveAttribute('maxlength')
  })

  it('submits once when it is full', async () => {
    const { input, onFull, user } = setup()
    await user.type(input, '12345')
    expect(onFull).not.toHaveBeenCalled()
    await user.type(input, '67')
    expect(onFull).toHaveBeenCalledExactlyOnceWith('123456')
    expect(input).toHaveValue('123456')
  })

  it('takes a pasted code with blanks', async () => {
    const { input, onFull, user } = setup()
    await user.click(input)
    await user.paste(' 123 456 ')
    expect(onFull).toHaveBeenCalledExactlyOnceWith('123456')
  })

  it('submits again after it was emptied and filled with the same code', async () => {
    const { input, onFull, user } = setup()
    await user.type(input, '123456')
    await user.clear(input)
    await user.type(input, '123456')
    expect(onFull).toHaveBeenCalledTimes(2)
  })

  it('knows no letters', async () => {
    const { input, onFull, user } = setup()
    await user.type(input, 'a1b2')
    expect(input).toHaveValue('12')
    expect(onFull).not.toHaveBeenCalled()
  })

  it('turns digits of other widths into ASCII', () => {
    expect(digitsOf('１２３-４５６ ７')).toBe('123456')
  })
})
