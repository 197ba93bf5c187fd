import type { ComponentType } from 'react'
import { loadTexts } from './i18n'

/** Every page of the app: its path, where it is, and the texts it needs. */
export const pages = {
  signIn: { path: '/sign-in', texts: ['signIn'], load: () => import('@/features/sign-in/sign-in-page') },
  demoMessages: {
    path: '/demo/messages',
    texts: ['demo'],
    load: () => import('@/features/demo/messages-page'),
  },
  signUp: {
    path: '/sign-up',
    texts: ['signIn', 'access'],
    load: () => import('@/features/access/sign-up-page'),
  },
  verifyEmail: {
    path: '/verify-email',
    texts: ['signIn', 'access'],
    load: () => import('@/features/access/verify-email-page'),
  },
  forgotPassword: {
    path: '/forgot-password',
    texts: ['signIn', 'access'],
    load: () => import('@/features/access/forgot-password-page'),
  },
  resetPassword: {
    path: '/reset-password',
    texts: ['signIn', 'access'],
    load: () => import('@/features/access/reset-password-page'),
  },
  invitation: {
    path: '/invitation',
    texts: ['signIn', 'access'],
    load: () => import('@/features/access/invitation-page'),
  },
  notMe: {
    path: '/not-me',
    texts: ['signIn', 'access'],
    load: () => import('@/features/access/not-me-page'),
  },
  start: { path: '/', texts: ['shell'], load: () => import('./portal/start-page') },
  profile: {
    path: '/me',
    texts: ['profile', 'phones', 'security', 'enrolment', 'secondFactor', 'access'],
    load: () => import('@/features/security/profile-page'),
  },
  security: {
    path: '/me/security',
    texts: ['profile', 'security', 'enrolment', 'secondFactor', 'phones'],
    load: () => import('@/features/security/security-page'),
  },
  apiTokens: {
    path: '/me/api-tokens',
    texts: ['profile', 'apiTokens'],
    load: () => import('@/features/security/api-tokens/api-tokens-page'),
  },
  overview: {
    path: '/accounts/$accountId',
    texts: ['portal'],
    load: () => import('@/features/portal/overview-page'),
  },
  services: {
    path: '/accounts/$accountId/services',
    texts: ['portal'],
    load: () => import('@/features/portal/services-page'),
  },
  catalogue: {
    path: '/accounts/$accountId/catalogue',
    texts: ['portal'],
    load: () => import('@/features/portal/catalogue-page'),
  },
  cart: {
    path: '/accounts/$accountId/cart',
    texts: ['portal'],
    load: () => import('@/features/portal/cart-page'),
  },
  members: {
    path: '/accounts/$accountId/members',
    texts: ['members'],
    load: () => import('@/features/members/members-page'),
  },
  audit: {
    path: '/accounts/$accountId/audit',
    texts: ['audit'],
    load: () => import('@/features/audit/audit-page'),
  },
  settings: {
    path: '/accounts/$accountId/settings',
    texts: ['account'],
    load: () => import('@/features/account/settings-page'),
  },
} as const satisfies Record<string, PageEntry>

interface PageEntry {
  path: string
  texts: readonly string[]
  load: () => Promise<{ default: ComponentType }>
}

/** The page's code and its texts, side by side rather than one after the other. */
export async function loadPage({ load, texts }: PageEntry): Promise<{ default: ComponentType }> {
  const [page] = await Promise.all([load(), loadTexts(...texts)])
  return page
}
