/** What the doctor says about one thing; a warning or a failure ends with what to do. */
export type Finding = readonly [level: 'ok' | 'warn' | 'fail', text: string]
