import { createAccountMails } from './account-mails.ts'
import { createAddresses } from './addresses.ts'
import { createEmailChange } from './email-change.ts'
import { createEmailVerification } from './email-verification.ts'
import { createInvitations } from './invitations.ts'
import type { MailOutbox } from './mail-outbox.ts'
import { createMailRequests } from './mail-requests.ts'
import { createMailedLogin } from './mailed-login.ts'
import { createPasswordReset } from './password-reset.ts'
import { createRegistration } from './registration.ts'

type PartsOf<Create extends (parts: never) => unknown> = Parameters<Create>[0]

/** What is there before: everything that the parts below ask for and do not make of each other. */
type Parts = { outbox: MailOutbox } & Omit<
  PartsOf<typeof createAccountMails> &
    PartsOf<typeof createAddresses> &
    PartsOf<typeof createMailRequests> &
    PartsOf<typeof createEmailVerification> &
    PartsOf<typeof createRegistration> &
    PartsOf<typeof createPasswordReset> &
    PartsOf<typeof createMailedLogin> &
    PartsOf<typeof createEmailChange> &
    PartsOf<typeof createInvitations>,
  'accountMails' | 'addresses' | 'request' | 'emailVerification' | 'registration'
>

/** All that hangs on a mailbox, wired: registration, and what is done with mailed links and codes. */
export function createMailedFlows(parts: Parts) {
  const accountMails = createAccountMails(parts)
  const addresses = createAddresses(parts)
  const request = createMailRequests({ ...parts, addresses })
  const shared = { ...parts, accountMails, addresses, request }
  const emailVerification = createEmailVerification(shared)
  const registration = createRegistration({ ...shared, emailVerification })
  return {
    addresses,
    emailVerification,
    registration,
    passwordReset: createPasswordReset(shared),
    mailedLogin: createMailedLogin(shared),
    emailChange: createEmailChange(shared),
    invitations: createInvitations({ ...shared, registration })
  }
}
