import { readdirSync, readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import type { Config } from '../config.ts'
import type { MailKind } from '../core/mail.ts'
import { StartError } from '../errors.ts'
import { isCanonical } from './languages.ts'
import { type Terms, templateProblems } from './template-check.ts'
import { isMailKind, MAIL_VALUES, OWN_VALUES } from './values.ts'

const PARTS = ['subject', 'text', 'html'] as const
const LAYOUT = 'layout.html.mustache'
const LAYOUT_TERMS = { values: [...OWN_VALUES, 'subject'], raw: 'content', must: ['content'] }
const EXAMPLE = 'password_changed.de.text.mustache'

type Part = (typeof PARTS)[number]

/** The words of one mail in one language. */
export type MailTemplate = Readonly<Record<Part, string>>

/** All mails in all their languages. */
export interface MailTemplates {
  /** What stands around the HTML part of every mail. */
  layout: string
  /** In which at least one mail is. */
  languages: readonly string[]
  /** By language, English always. */
  of(kind: MailKind): ReadonlyMap<string, MailTemplate>
}

interface Found {
  layout: string
  mails: Map<MailKind, Map<string, Partial<Record<Part, string>>>>
}

/** The folder of the mails that are shipped, seen from the sources and from the published build alike. */
export const shippedTemplates = (): string =>
  join(dirname(findPackageJSON('..', import.meta.url) as string), 'src', 'mail', 'templates')

/**
 * Reads and checks the mails that are shipped, and those of AUTH_MAIL_TEMPLATES, of which each file takes the place of
 * one of the same name or adds to a language. Throws StartError, which names the file and says what would be right.
 */
export function loadTemplates({ authMailTemplates }: Pick<Config, 'authMailTemplates'>): MailTemplates {
  const found: Found = { layout: '', mails: new Map() }
  take(found, shippedTemplates())
  if (authMailTemplates) take(found, authMailTemplates)
  demandWhole(found)
  const mails = found.mails as Map<MailKind, Map<string, MailTemplate>>
  const languages = [...new Set([...mails.values()].flatMap(template => [...template.keys()]))]
  return { layout: found.layout, languages, of: kind => mails.get(kind) as Map<string, MailTemplate> }
}

function take(found: Found, folder: string): void {
  for (const name of list(folder)) {
    // Editors, version control and mounted volumes keep things of their own under such names.
    if (name.startsWith('.')) continue
    const file = join(folder, name)
    if (name === LAYOUT) found.layout = read(file, LAYOUT_TERMS)
    else takeMail(found, file, name)
  }
}

function takeMail({ mails }: Found, file: string, name: string): void {
  const [kind = '', language = '', part, ...rest] = name.split('.')
  const named = isPart(part) && rest.join() === 'mustache'
  if (!named) throw refused(file, `names are KIND.LANGUAGE.PART.mustache, such as ${EXAMPLE}, or ${LAYOUT}`)
  if (!isMailKind(kind))
    throw refused(file, `there is no mail ${kind}; there are ${Object.keys(MAIL_VALUES).join(', ')}`)
  if (!isCanonical(language)) throw refused(file, `${language} is no language tag such as en, de or pt-BR`)
  const { needs, may } = MAIL_VALUES[kind]
  const must = part === 'subject' ? [] : needs.filter(name => name === 'link')
  const source = read(file, { values: [...OWN_VALUES, ...needs, ...may], must })
  if (part === 'subject' && /[\r\n]/.test(source.trim())) throw refused(file, 'a subject is one line')
  const languages = mails.get(kind) ?? new Map<string, Partial<Record<Part, string>>>()
  mails.set(kind, languages.set(language, { ...languages.get(language), [part]: source }))
}

/** A mail is in one language as a whole: what is missing is not taken from another one. */
function demandWhole({ mails }: Found): void {
  for (const [kind, languages] of mails) {
    for (const [language, parts] of languages) {
      const missing = PARTS.filter(part => parts[part] === undefined).map(
        part => `${kind}.${language}.${part}.mustache`
      )
      if (missing.length > 0)
        throw new StartError(
          `AUTH_MAIL_TEMPLATES: a mail needs all its parts, and ${missing.join(' and ')} is missing; add it.`
        )
    }
  }
}

function read(file: string, terms: Terms): string {
  let source: string
  try {
    source = readFileSync(file, 'utf8')
  } catch (error) {
    throw refused(file, `it cannot be read (${(error as NodeJS.ErrnoException).code})`, error)
  }
  if (source.trim() === '') throw refused(file, 'it is empty; delete it to have the mail that is shipped')
  const [problem] = templateProblems(source, terms)
  if (problem) throw refused(file, problem)
  return source
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    throw refused(folder, `the folder cannot be read (${(error as NodeJS.ErrnoException).code})`, error)
  }
}

const isPart = (name: string | undefined): name is Part => PARTS.some(part => part === name)

const refused = (file: string, problem: string, cause?: unknown): StartError =>
  new StartError(`AUTH_MAIL_TEMPLATES: ${file}: ${problem}.`, { cause })
