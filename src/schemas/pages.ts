import { type TProperties, Type } from 'typebox'

/** Pages are for people; the API that they stand on is what is documented. */
export const page = { hide: true }

/** A form with what a mail brought, and further fields. Of a field that is empty nothing arrives. */
export const proofForm = <Further extends TProperties>(further: Further) => ({
  ...page,
  body: Type.Object({ email: Type.String(), code: Type.String(), ...further })
})

/** A form that asks for a mail. */
export const addressForm = { ...page, body: Type.Object({ email: Type.String() }) }
