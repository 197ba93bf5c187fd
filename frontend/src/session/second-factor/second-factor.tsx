import { AppCode } from './app-code'
import { Passkey } from './passkey-way'
import { RecoveryCode } from './recovery-code'
import { SentCode } from './sent-code'
import type { AnsweringFactor, WayProps } from './way'

type SecondFactorProps = Omit<WayProps, 'factor'> & {
  /** None: a recovery code. */
  factor: AnsweringFactor | undefined
  /** The person chose this one just now, so a code may be sent at once. */
  chosen: boolean
}

/** The one place where a second factor is asked for: at sign-in, in the window, and to confirm. */
export function SecondFactor({ factor, chosen, ...way }: SecondFactorProps) {
  switch (factor?.type) {
    case 'totp':
      return <AppCode factor={factor} {...way} />
    case 'email':
    case 'sms':
      return <SentCode factor={factor} chosen={chosen} {...way} />
    case 'passkey':
      return <Passkey factor={factor} {...way} />
    case undefined:
      return <RecoveryCode {...way} />
  }
}
