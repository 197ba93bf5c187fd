import { bareApi } from './api'
import { LinkPage } from './link-page'

export default function VerifyEmailPage() {
  return (
    <LinkPage of="verify" open={(token) => bareApi.POST('/auth/email-verification', { body: { token } })} />
  )
}
