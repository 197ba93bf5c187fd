import i18n, { type BackendModule } from 'i18next'
import { initReactI18next } from 'react-i18next'
import type { Locale } from '@/api/schema'

export const locales: readonly Locale[] = ['en', 'de']

const files = import.meta.glob<{ default: Record<string, unknown> }>('../locales/*/*.json')

/** One small file for each language and area, fetched when the area is. */
const backend: BackendModule = {
  type: 'backend',
  init: () => {},
  read(language, namespace, done) {
    const load = files[`../locales/${language}/${namespace}.json`]
    if (!load) return done(new Error(`No texts: ${language}/${namespace}`), false)
    load().then(
      (file) => done(null, file.default),
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error)), false),
    )
  },
}

function browserLocale(): Locale {
  const wanted = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase())
  return (
    locales.find((locale) => locale === wanted.find((tag) => (locales as readonly string[]).includes(tag))) ??
    'en'
  )
}

function markDocument() {
  document.documentElement.lang = i18n.language
}

let started: Promise<void> | undefined

export function startTexts(): Promise<void> {
  started ??= start()
  return started
}

async function start(): Promise<void> {
  i18n.on('languageChanged', markDocument)
  await i18n
    .use(backend)
    .use(initReactI18next)
    .init({
      lng: browserLocale(),
      fallbackLng: false,
      supportedLngs: [...locales],
      ns: ['common'],
      defaultNS: 'common',
      interpolation: { escapeValue: false },
      returnNull: false,
    })
}

/** The person's own language; nobody's, before the first door: the browser's. */
export async function speak(locale: Locale = browserLocale()): Promise<void> {
  if (i18n.language !== locale) await i18n.changeLanguage(locale)
}

export async function loadTexts(...namespaces: string[]): Promise<void> {
  await startTexts()
  await i18n.loadNamespaces(namespaces)
}
