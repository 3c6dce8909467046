import Mustache from 'mustache'
import type { Config } from '../config.ts'
import type { Mail } from '../core/mail.ts'
import { MailError } from '../core/mail-error.ts'
import { StartError } from '../errors.ts'
import { chooseLanguage, isAmong } from './languages.ts'
import { loadTemplates, type MailTemplate } from './templates.ts'
import { MAIL_VALUES } from './values.ts'
import { inWords } from './wording.ts'

/** A mail in words. */
export interface RenderedMail {
  /** One line. */
  subject: string
  text: string
  /** A whole document. */
  html: string
  /** BCP 47. */
  language: string
}

/** Finds the words of a mail. Rejects with MailError when it lacks a value, or when its link would lead elsewhere than to us. */
export type Renderer = (mail: Mail) => Promise<RenderedMail>

const asItIs = (value: string) => value

/** Reads the templates once. Throws StartError when one cannot be used, or when AUTH_MAIL_LOCALE has none. */
export function createRenderer(config: Pick<Config, 'publicUrl' | 'authMailLocale' | 'authMailTemplates'>): Renderer {
  const templates = loadTemplates(config)
  demandSpoken(config.authMailLocale, templates.languages)
  const writer = new Mustache.Writer()
  const service = new URL(config.publicUrl).host
  const resetLink = `${config.publicUrl}/account/reset-password`

  return async ({ kind, language: header, values }) => {
    const missing = MAIL_VALUES[kind].needs.filter(name => !values[name])
    if (missing.length > 0) throw refused('EVALUE', `a mail ${kind} needs ${missing.join(', ')}`)
    if (values.link !== undefined) demandOwn(values.link, config.publicUrl)
    const languages = templates.of(kind)
    const language = chooseLanguage(languages.keys(), header, config.authMailLocale)
    const template = languages.get(language) as MailTemplate

    const shown = Object.entries(values).map(([name, value]) => [name, oneLine(inWords(name, value, language))])
    const view = { ...Object.fromEntries(shown), service, language, reset_link: resetLink }
    const plain = (source: string) => writer.render(source, view, {}, { escape: asItIs })
    const subject = oneLine(plain(template.subject))
    const content = writer.render(template.html, view).trim()
    const html = writer.render(templates.layout, { ...view, subject, content })
    return { subject, text: plain(template.text), html, language }
  }
}

function demandSpoken(locale: string, languages: readonly string[]): void {
  if (!isAmong(languages, locale))
    throw new StartError(
      `AUTH_MAIL_LOCALE: there are no mails in ${locale}, only in ${languages.join(', ')}; add them in the folder AUTH_MAIL_TEMPLATES.`
    )
}

const refused = (code: string, reason: string) => new MailError(code, { permanent: true, cause: new Error(reason) })

/** A link that somebody else could choose would be sent in our name. */
function demandOwn(link: string, publicUrl: string): void {
  if (!link.startsWith(`${publicUrl}/`) || link !== oneLine(link) || !URL.canParse(link))
    throw refused('ELINK', 'the link of a mail does not begin with PUBLIC_URL')
}

/** Without what would begin a new line or header, or turn the direction of the text around. */
const oneLine = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\p{Cf}+/gu, '')
    .trim()
