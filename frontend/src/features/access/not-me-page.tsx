import { bareApi } from './api'
import { LinkPage } from './link-page'

export default function NotMePage() {
  return <LinkPage of="notMe" open={(token) => bareApi.POST('/auth/not-me', { body: { token } })} />
}
