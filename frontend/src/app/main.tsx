import './styles/door'
import { createRoot } from 'react-dom/client'
import { session } from '@/session/session'
import { App } from './app'
import { isPublic } from './doors'
import { startTexts } from './i18n'

// Asked while the texts load; a public page has no use for the answer.
if (!isPublic(globalThis.location.pathname)) void session.restore()

const root = document.getElementById('root')
if (!root) throw new Error('The page has no root element.')
await startTexts()
createRoot(root).render(<App />)
