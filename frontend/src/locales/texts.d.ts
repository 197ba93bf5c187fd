import 'i18next'
import type access from './en/access.json'
import type account from './en/account.json'
import type apiTokens from './en/apiTokens.json'
import type audit from './en/audit.json'
import type common from './en/common.json'
import type demo from './en/demo.json'
import type enrolment from './en/enrolment.json'
import type members from './en/members.json'
import type phones from './en/phones.json'
import type portal from './en/portal.json'
import type profile from './en/profile.json'
import type secondFactor from './en/secondFactor.json'
import type security from './en/security.json'
import type shell from './en/shell.json'
import type signIn from './en/signIn.json'
import type window from './en/window.json'

// A text that does not exist is a compile error.
declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common'
    resources: {
      access: typeof access
      account: typeof account
      apiTokens: typeof apiTokens
      audit: typeof audit
      common: typeof common
      demo: typeof demo
      enrolment: typeof enrolment
      members: typeof members
      phones: typeof phones
      portal: typeof portal
      profile: typeof profile
      secondFactor: typeof secondFactor
      security: typeof security
      shell: typeof shell
      signIn: typeof signIn
      window: typeof window
    }
  }
}
