// What a browser loads for the first view, gzipped, against its budget: entry, page, and everything they import.
import { gzipSync } from 'node:zlib'
import { build } from 'vite'

const texts = (...areas) => areas.map((area) => `src/locales/en/${area}.json`)
const views = [
  {
    name: 'sign-in page',
    budget: 130,
    parts: ['src/features/sign-in/sign-in-page.tsx', ...texts('common', 'signIn')],
  },
  {
    name: 'enforcement window',
    parts: ['src/app/window/window.tsx', ...texts('common', 'shell', 'window', 'enrolment', 'signIn')],
  },
  {
    name: 'first portal view',
    budget: 240,
    parts: [
      'src/app/portal/portal.tsx',
      'src/app/portal/start-page.tsx',
      'src/features/portal/overview-page.tsx',
      ...texts('common', 'shell', 'portal'),
    ],
  },
]

const { output } = await build({ logLevel: 'silent', build: { write: false } })
const files = new Map(output.map((file) => [file.fileName, file]))
const chunks = output.filter((file) => file.type === 'chunk')
const size = (name) => {
  const file = files.get(name)
  return gzipSync(file.type === 'chunk' ? file.code : file.source, { level: 9 }).length
}

/** The chunk that holds a module, and what is loaded with it. */
function closure(chunk, seen = new Set()) {
  if (seen.has(chunk.fileName)) return seen
  seen.add(chunk.fileName)
  for (const css of chunk.viteMetadata?.importedCss ?? []) seen.add(css)
  for (const name of chunk.imports) closure(files.get(name), seen)
  return seen
}

let over = false
for (const { name, budget, parts } of views) {
  const loaded = new Set(closure(chunks.find((chunk) => chunk.isEntry)))
  for (const part of parts) {
    const chunk = chunks.find((each) => each.moduleIds.some((id) => id.endsWith(part)))
    if (!chunk) throw new Error(`No chunk holds ${part}.`)
    closure(chunk, loaded)
  }
  const total = [...loaded].reduce((sum, file) => sum + size(file), 0) / 1000
  over ||= budget !== undefined && total > budget
  console.log(
    `${name.padEnd(20)} ${total.toFixed(1).padStart(6)} kB gzip${budget ? `  (budget ${budget})` : ''}`,
  )
  if (process.argv.includes('--files')) {
    for (const file of [...loaded].sort((a, b) => size(b) - size(a)))
      console.log(`    ${(size(file) / 1000).toFixed(1)} ${file}`)
  }
}
if (over) process.exit(1)
