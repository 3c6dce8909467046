import type { Profiles } from '../core/profiles.ts'
import { ACCOUNT, ADDRESS, type Field, NEW_PASSWORD, PROOF, profileFields } from './fields.ts'

/** What can be done on a page; each is a button. */
export type Action = 'confirm' | 'disown' | 'request'

/** A page behind mailed links, as the last part of its path. */
export type PageName = 'verify-email' | 'reset-password' | 'change-email' | 'login' | 'accept-invite'

interface Form {
  /** Whether it takes what a mail brought. */
  proof: boolean
  fields: readonly Field[]
  /** Which operations of the API its buttons stand for. */
  buttons: ReadonlyArray<{ action: Action; api: string }>
}

/** All pages, with their forms in the order in which they stand where no link was opened. */
export type Catalogue = Readonly<Record<PageName, readonly Form[]>>

const confirm = (api: string, fields: readonly Field[] = []): Form => ({
  proof: true,
  fields,
  buttons: [{ action: 'confirm', api }]
})

const request = (api: string): Form => ({ proof: false, fields: ADDRESS, buttons: [{ action: 'request', api }] })

const verify: Form = {
  proof: true,
  fields: [],
  buttons: [
    { action: 'confirm', api: '/api/verify-email/' },
    { action: 'disown', api: '/api/verify-email/disown/' }
  ]
}

/** The pages for accounts with such a profile. Without cookies nothing would hold what a login gives. */
export const createCatalogue = (
  profile: Pick<Profiles, 'fields' | 'required'>,
  { cookies }: { cookies: boolean }
): Catalogue => ({
  'verify-email': [verify, request('/api/verify-email/resend/')],
  // Whoever comes from a notice has no mail with a code yet.
  'reset-password': [request('/api/password-reset/'), confirm('/api/password-reset/confirm/', NEW_PASSWORD)],
  'change-email': [confirm('/api/change-email/confirm/')],
  login: [...(cookies ? [confirm('/api/login/email/confirm/?transport=cookie')] : []), request('/api/login/email/')],
  'accept-invite': [confirm('/api/invitations/accept/', [...ACCOUNT, ...profileFields(profile)])]
})

/** Everything that a form asks of somebody who opened no link. */
export const fieldsOf = ({ proof, fields }: Form): readonly Field[] => (proof ? [...PROOF, ...fields] : fields)

/** The form that an action stands in. */
export const formOf = (forms: readonly Form[], action: Action | undefined): Form | undefined =>
  forms.find(({ buttons }) => buttons.some(button => button.action === action))
