// What the pages behind mailed links do beyond their forms. Nothing is sent before a button is pressed: programs that
// look through mails open links too, and run what is on the page.

let token = tokenOf(location.hash)
// Out of the address bar, the history and whatever else looks there.
if (token) history.replaceState(null, '', location.pathname)

// Another link to the same page, pasted over it.
addEventListener('hashchange', () => {
  if (tokenOf(location.hash)) location.reload()
})

addEventListener('DOMContentLoaded', () => {
  const main = document.querySelector('main')
  const heading = document.querySelector('h1')
  const alert = document.querySelector('[role=alert]')
  const status = document.querySelector('[role=status]')
  const texts = JSON.parse(main.dataset.texts)
  const title = document.title

  showProof()
  for (const form of document.forms) {
    form.addEventListener('submit', event => {
      event.preventDefault()
      send(form, event.submitter ?? form.querySelector('button'))
    })
  }

  /** Shows what belongs to a link that was opened, or to a code that is typed. */
  function showProof() {
    for (const part of document.querySelectorAll('[data-with]')) {
      part.hidden = (part.dataset.with === 'token') !== Boolean(token)
      if (part instanceof HTMLFieldSetElement) part.disabled = part.hidden
    }
  }

  async function send(form, button) {
    if (form.hasAttribute('aria-busy')) return
    form.setAttribute('aria-busy', 'true')
    clear(form)
    const answer = await post(button.dataset.api, bodyOf(form)).catch(() => undefined)
    form.removeAttribute('aria-busy')
    if (answer?.ok) finish(form, button)
    else refuse(form, (await answer?.json().catch(() => undefined)) ?? {})
  }

  function clear(form) {
    document.title = title
    alert.replaceChildren()
    status.replaceChildren()
    for (const field of fieldsOf(form)) {
      field.removeAttribute('aria-invalid')
      errorOf(field).textContent = ''
    }
  }

  function finish(form, { dataset }) {
    if (dataset.doneTitle) {
      for (const part of main.querySelectorAll('section, [data-with]')) part.remove()
      heading.textContent = dataset.doneTitle
      document.title = title.replace(texts.title, () => dataset.doneTitle)
      for (const next of main.querySelectorAll('[data-next]')) next.hidden = false
      heading.focus()
    } else {
      const email = form.elements.namedItem('email')
      for (const other of document.querySelectorAll('[data-proof] [name=email]')) other.value = email.value
      const code = document.querySelector('[data-proof] [name=code]')
      if (code) code.focus()
    }
    say(status, [dataset.done])
  }

  function refuse(form, { code, errors = {} }) {
    const fields = fieldsOf(form)
    const wrong = fields.filter(({ name }) => Object.hasOwn(errors, name))
    for (const field of wrong) {
      field.setAttribute('aria-invalid', 'true')
      errorOf(field).textContent = errors[field.name].join(' ')
    }
    const others = Object.keys(errors).filter(name => !fields.some(field => field.name === name))
    if (code === 'invalid_link' && token && form.hasAttribute('data-proof')) {
      token = undefined
      showProof()
    }
    document.title = `${texts.error}: ${title}`
    say(alert, [texts.problems[code] ?? texts.problems.other, ...others.flatMap(name => errors[name])])
    const [first = alert] = wrong
    first.focus()
  }
})

function tokenOf(fragment) {
  return new URLSearchParams(fragment.slice(1)).get('token') || undefined
}

function post(url, body) {
  const headers = { 'content-type': 'application/json' }
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal: AbortSignal.timeout(30_000) })
}

function bodyOf(form) {
  const values = fieldsOf(form).map(field => [field.name, sentAs(field)])
  return { ...(form.hasAttribute('data-proof') && token && { token }), ...Object.fromEntries(values) }
}

/** A fieldset that is switched off takes its fields along. */
function fieldsOf(form) {
  return [...form.elements].filter(field => field.name && !field.matches(':disabled'))
}

function sentAs({ dataset: { kind }, value, checked }) {
  if (kind === 'boolean') return checked
  if (kind === 'number') return value.trim() === '' || Number.isNaN(Number(value)) ? value : Number(value)
  if (kind !== 'json') return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

function errorOf({ id }) {
  return document.getElementById(`${id}-error`)
}

function say(place, sentences) {
  place.replaceChildren(
    ...sentences.map(sentence => {
      const line = document.createElement('p')
      line.textContent = sentence
      return line
    })
  )
}
