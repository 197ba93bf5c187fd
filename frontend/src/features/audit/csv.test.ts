import { describe, expect, it } from 'vitest'
import { readTable } from './csv'

describe('a table', () => {
  it('is read by the names of its columns', () => {
    expect(readTable('person,methods\r\nAnn,totp sms\r\nMax,\r\n')).toEqual([
      { person: 'Ann', methods: 'totp sms' },
      { person: 'Max', methods: '' },
    ])
  })

  it('may hold commas, quotes and line ends in a cell', () => {
    expect(readTable('person,role\r\n"Doe, ""Jo""\nthe second",owner\r\n')).toEqual([
      { person: 'Doe, "Jo"\nthe second', role: 'owner' },
    ])
  })

  it('may end without a line end, and with empty cells', () => {
    expect(readTable('a,b,c\n,,')).toEqual([{ a: '', b: '', c: '' }])
  })

  it('shows what was kept from being a formula as it was', () => {
    expect(readTable("person\r\n'=1+1\r\n'quoted'\r\n")).toEqual([{ person: '=1+1' }, { person: "'quoted'" }])
  })

  it('may be empty', () => {
    expect(readTable('')).toEqual([])
    expect(readTable('a,b\r\n')).toEqual([])
  })

  it('of many lines is read in one go', () => {
    const lines = Array.from({ length: 20_000 }, (_, line) => `"${line}",x`).join('\r\n')
    const rows = readTable(`n,v\r\n${lines}\r\n`)
    expect(rows).toHaveLength(20_000)
    expect(rows.at(-1)).toEqual({ n: '19999', v: 'x' })
  })
})
