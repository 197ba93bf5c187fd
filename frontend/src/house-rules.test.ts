import { describe, expect, it } from 'vitest'

const sources = import.meta.glob<string>('./**/*.{ts,tsx}', { eager: true, query: '?raw', import: 'default' })

/** Which folders a folder may import. A feature knows no other feature, and nothing below the app knows the app. */
const allowed: Record<string, string[]> = {
  api: ['api'],
  ui: ['api', 'ui'],
  session: ['api', 'ui', 'session'],
  app: ['api', 'ui', 'session', 'features', 'app'],
}

/** The folder of a source file: `api`, `features/portal` and so on. */
function roomOf(path: string): string {
  const [first, second] = path.split('/')
  return first === 'features' ? `features/${second}` : (first ?? '')
}

function resolve(from: string, target: string): string | undefined {
  if (target.startsWith('@/')) return target.slice(2)
  if (!target.startsWith('.')) return undefined
  return new URL(target, `file:///${from}`).pathname.slice(1)
}

function importsOf(path: string, source: string): string[] {
  return [...source.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)]
    .map(([, target]) => resolve(path, target ?? ''))
    .filter((target) => target !== undefined)
}

const files = Object.entries(sources)
  .map(([path, source]) => ({ path: path.slice(2), source }))
  .filter(({ path }) => !path.includes('.test.') && !path.endsWith('.gen.ts') && !path.startsWith('testing/'))

describe('the house', () => {
  it.each(files)('$path imports only what its room may', ({ path, source }) => {
    const room = roomOf(path)
    for (const target of importsOf(path, source)) {
      const other = roomOf(target)
      const doors = allowed[room] ?? ['api', 'ui', 'session', room]
      const open = doors.includes(other) || (room === 'app' && other.startsWith('features/'))
      expect(open || other === 'locales', `${path} imports ${target}`).toBe(true)
    }
  })

  it.each(files)('$path holds one idea', ({ source }) => {
    expect(source.split('\n').length).toBeLessThan(300)
  })
})
