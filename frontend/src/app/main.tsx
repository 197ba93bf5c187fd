import './styles/door'
import { createRoot } from 'react-dom/client'
import { hint, session } from '@/session/session'
import { App } from './app'
import { isPublic, loadPortal, loadSignIn } from './doors'
import { startTexts } from './i18n'
import { pages } from './pages'

// What will be needed is fetched side by side: who this is, the texts, and the door that it will most likely be.
const { pathname } = globalThis.location
const texts = startTexts()
if (!isPublic(pathname)) {
  const last = hint.read()?.stage
  // Nobody comes to the sign-in page with a session; asking there would only earn a refusal.
  if (pathname === pages.signIn.path && !last) session.abandon()
  else void session.restore()
  void (last === 'full' ? loadPortal() : loadSignIn())
}

const root = document.getElementById('root')
if (!root) throw new Error('The page has no root element.')
await texts
createRoot(root).render(<App />)
