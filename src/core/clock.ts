/** Milliseconds since 1970; an argument everywhere, so that tests can turn it. */
export type Clock = () => number

/** A JWT NumericDate (RFC 7519 section 2): whole seconds since 1970. */
export const seconds = (time: Date | number): number => Math.floor(Number(time) / 1000)
