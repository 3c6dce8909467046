import { deviceName } from './device-name.ts'

type Wording = (value: string, language: string) => string

const WORDINGS: ReadonlyMap<string, Wording> = new Map(
  Object.entries({ valid_for: duration, time: momentInTime, device: deviceName, code: grouped })
)

/** The value of a mail as people read it in a language: flows give times, durations and User-Agent headers as they are. */
export const inWords = (name: string, value: string, language: string): string =>
  WORDINGS.get(name)?.(value, language) ?? value

/** `30 minutes`, in English, in the words of a language. */
function duration(value: string, language: string): string {
  const [, count, unit] = /^(\d{1,6}) (minute|hour|day)s?$/.exec(value) ?? []
  if (!unit) return value
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(Number(count))
}

/** A time of ISO 8601, in UTC: where the reader is nobody knows. */
function momentInTime(value: string, language: string): string {
  if (!/^\d{4}-\d\d-\d\dT/.test(value) || Number.isNaN(Date.parse(value))) return value
  const form = { dateStyle: 'long', timeStyle: 'short', hourCycle: 'h23', timeZone: 'UTC' } as const
  return `${new Intl.DateTimeFormat(language, form).format(Date.parse(value))} UTC`
}

/** Six digits are read in two parts. */
function grouped(code: string): string {
  return code.replace(/^(\d{3})(\d{3})$/, '$1 $2')
}
