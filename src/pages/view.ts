import type { PosternError } from '../errors.ts'
import { type Action, type Catalogue, fieldsOf, formOf, type PageName } from './catalogue.ts'
import type { Field } from './fields.ts'

/** What a page tells after somebody pressed a button; nothing before that. */
export interface Outcome {
  action?: Action
  /** What was refused; without one the action was done. */
  problem?: PosternError
  /** What was typed. */
  values?: Readonly<Record<string, unknown>>
}

/** What the pages know of the service. */
export interface Surroundings {
  catalogue: Catalogue
  /** In front of every path; empty at the top. */
  base: string
  service: string
  app: string | undefined
  script: string
  styles: readonly string[]
}

/** What the template shows. `text` gives words by key; empty ones where there is no such key. */
export function viewOf(
  { catalogue, base, service, app, script, styles }: Surroundings,
  page: PageName,
  language: string,
  text: (key: string) => string,
  { action, problem, values = {} }: Outcome
) {
  const forms = catalogue[page]
  const current = formOf(forms, action)
  const canBeDone = forms.some(({ proof }) => proof)
  const isDone = problem === undefined && current?.proof === true
  const heading = text(isDone ? `${page}.${action}.done_title` : `${page}.title`)
  const errors = new Map(Object.entries(problem?.errors ?? {}))
  const asked = current ? fieldsOf(current).map(({ name }) => name) : []
  const wrong = asked.filter(name => errors.has(name))
  const unasked = [...errors].filter(([name]) => !asked.includes(name)).flatMap(([, sentences]) => sentences)

  return {
    ...{ language, service, app, styles, heading, isDone },
    title: `${problem ? `${text('error')}: ` : ''}${heading} · ${service}`,
    // What is done is done: there is nothing left to be pressed.
    script: isDone ? undefined : script,
    lead: text(canBeDone ? `${page}.lead` : `${page}.lead_elsewhere`),
    leadCode: text(canBeDone ? `${page}.lead_code` : `${page}.lead_elsewhere`),
    next: text('continue'),
    none: text('choice.none'),
    texts: JSON.stringify({ error: text('error'), title: heading, problems: problemTexts(text) }),
    alert: problem && [problemText(problem.code, text), ...unasked],
    focusAlert: problem !== undefined && wrong.length === 0,
    status: problem || !action ? undefined : text(`${page}.${action}.done`),
    sections: isDone ? [] : forms.map(sectionOf)
  }

  function sectionOf(form: (typeof forms)[number]) {
    const first = form.buttons[0]?.action
    const isCurrent = form === current
    const show = (field: Field) => fieldView(field, `${first}-${field.name}`, isCurrent)
    const proven = fieldsOf({ ...form, fields: [] })
    return {
      proof: form.proof,
      heading: text(`${page}.${first}.heading`),
      about: text(`${page}.${first}.about`),
      action: pathOf(first),
      groups: [
        ...(form.proof ? [{ proof: true, fields: proven.map(show) }] : []),
        ...(form.fields.length > 0 ? [{ proof: false, fields: form.fields.map(show) }] : [])
      ],
      buttons: form.buttons.map(({ action, api }, at) => ({
        action: pathOf(action),
        api: base + api,
        label: text(`${page}.${action}.button`),
        before: text(`${page}.${action}.before`),
        doneTitle: text(`${page}.${action}.done_title`),
        done: text(`${page}.${action}.done`),
        secondary: at > 0 || !form.proof
      }))
    }
  }

  function fieldView({ name, kind, type, options = [], ...field }: Field, id: string, isCurrent: boolean) {
    // What goes to one address goes to the same in the other form; a password never goes back.
    const given = type === 'password' || (!isCurrent && name !== 'email') ? undefined : values[name]
    const sentences = isCurrent ? errors.get(name) : undefined
    return {
      ...{ id, name, kind, type, autocomplete: field.autocomplete, inputmode: field.inputmode },
      label: text(field.label) || field.label,
      hint: field.hint && (text(field.hint) || field.hint),
      isBox: kind === 'boolean',
      isChoice: kind === 'choice',
      options: options.map(option => ({ name: option, chosen: option === given })),
      value: given ?? '',
      error: sentences?.join(' '),
      focus: isCurrent && name === wrong[0]
    }
  }

  function pathOf(action: Action | undefined): string {
    return `${base}/account/${page}${action === 'confirm' ? '' : `/${action}`}`
  }
}

const PROBLEMS = ['validation_failed', 'invalid_link', 'rate_limited', 'unavailable']

const problemText = (code: string, text: (key: string) => string): string =>
  text(`problem.${code === 'overloaded' ? 'unavailable' : code}`) || text('problem.other')

const problemTexts = (text: (key: string) => string): Record<string, string> =>
  Object.fromEntries([...PROBLEMS, 'overloaded', 'other'].map(code => [code, problemText(code, text)]))
