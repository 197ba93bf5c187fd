import { describe, expect, it } from 'vitest'

type Texts = { [key: string]: string | Texts }
const files = import.meta.glob<{ default: Texts }>('./*/*.json', { eager: true })

function flatten(texts: Texts, prefix = ''): Map<string, string> {
  const flat = new Map<string, string>()
  for (const [key, text] of Object.entries(texts)) {
    if (typeof text === 'string') flat.set(prefix + key, text)
    else for (const [inner, value] of flatten(text, `${prefix}${key}.`)) flat.set(inner, value)
  }
  return flat
}

function textsOf(locale: string): Map<string, string> {
  const all = new Map<string, string>()
  for (const [path, file] of Object.entries(files)) {
    if (!path.startsWith(`./${locale}/`)) continue
    const area = path.split('/')[2]?.replace('.json', '')
    for (const [key, text] of flatten(file.default)) all.set(`${area}:${key}`, text)
  }
  return all
}

const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort()
const en = textsOf('en')
const de = textsOf('de')

describe('the texts', () => {
  it('exist in both languages', () => {
    expect(en.size).toBeGreaterThan(300)
    expect([...de.keys()].sort()).toEqual([...en.keys()].sort())
  })

  it('are not empty', () => {
    for (const [key, text] of [...en, ...de]) expect(text.trim(), key).not.toBe('')
  })

  it('name the same values', () => {
    for (const [key, text] of en) expect(placeholders(de.get(key) ?? ''), key).toEqual(placeholders(text))
  })
})
