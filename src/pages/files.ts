import { readdirSync, readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'
import { StartError } from '../errors.ts'
import { isCanonical } from '../mail/languages.ts'
import { readTexts, type Texts } from './texts.ts'

/** What the pages are made of. */
export interface PageFiles {
  template: string
  script: Buffer
  /** Style sheets by name, in the order in which they count. */
  styles: ReadonlyMap<string, Buffer>
  /** By language; in English always, and every one whole. */
  texts: ReadonlyMap<string, Texts>
}

const shipped = (name: string): string =>
  join(dirname(findPackageJSON('..', import.meta.url) as string), 'src', 'pages', 'files', name)

/**
 * Reads and checks what is shipped, and what stands in AUTH_PAGE_FILES: `base.css` takes the place of Pico CSS,
 * `style.css` that of our style, `texts.en.json` that of single texts, and `texts.LANGUAGE.json` is a further language.
 * Throws StartError, which names the file and says what would be right.
 */
export function loadPageFiles({ authPageFiles: folder }: Pick<Config, 'authPageFiles'>): PageFiles {
  const english = JSON.parse(readFileSync(shipped('texts.en.json'), 'utf8')) as Texts
  const texts = new Map([['en', english]])
  const styles = new Map<string, Buffer>([
    ['base', readFileSync(fileURLToPath(import.meta.resolve('@picocss/pico/css/pico.classless.min.css')))],
    ['style', readFileSync(shipped('style.css'))]
  ])
  const template = readFileSync(shipped('page.html.mustache'), 'utf8')
  const script = readFileSync(shipped('page.js'))

  for (const name of folder === undefined ? [] : list(folder)) {
    const file = join(folder as string, name)
    const style = /^(base|style)\.css$/.exec(name)?.[1]
    const language = /^texts\.([^.]+)\.json$/.exec(name)?.[1]
    if (style) styles.set(style, read(file))
    else if (language && isCanonical(language)) take(file, language)
    else throw refused(file, 'names are texts.LANGUAGE.json, such as texts.de.json, style.css and base.css')
  }
  return { template, script, styles, texts }

  function take(file: string, language: string): void {
    const found = readTexts(read(file).toString(), { known: english, whole: language !== 'en' })
    if (typeof found === 'string') throw refused(file, found)
    texts.set(language, { ...english, ...found })
  }
}

// Editors, version control and mounted volumes keep things of their own under names that begin with a dot.
const list = (folder: string): string[] =>
  attempt(folder, 'the folder', () => readdirSync(folder).filter(name => !name.startsWith('.')))

const read = (file: string): Buffer => attempt(file, 'it', () => readFileSync(file))

function attempt<Found>(path: string, what: string, action: () => Found): Found {
  try {
    return action()
  } catch (error) {
    throw refused(path, `${what} cannot be read (${(error as NodeJS.ErrnoException).code})`, error)
  }
}

const refused = (file: string, problem: string, cause?: unknown): StartError =>
  new StartError(`AUTH_PAGE_FILES: ${file}: ${problem}.`, { cause })
