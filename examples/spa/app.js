// Where Postern is. It lets this page in when the origin of the page stands in AUTH_CORS_ORIGINS.
const postern = document.documentElement.dataset.postern

const form = document.querySelector('form')
const section = document.querySelector('section')
const status = document.querySelector('[role=status]')

/** One request to Postern, with its cookies. There is no token here to send, to keep or to lose. */
function send(method, path, body) {
  const json = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  return fetch(postern + path, { method, credentials: 'include', ...json })
}

let refreshing

/** One refresh, however many requests wait for it. Another tab may do the same at the same moment. */
function refresh() {
  refreshing ??= send('POST', '/api/refresh/').finally(() => {
    refreshing = undefined
  })
  return refreshing
}

/** A request that refreshes once when the access token is over, then tries again. */
async function ask(method, path, body) {
  const answer = await send(method, path, body)
  if (answer.status !== 401) return answer
  const refreshed = await refresh()
  return refreshed.ok ? send(method, path, body) : refreshed
}

async function show() {
  const answer = await ask('GET', '/api/protected/')
  // 401: the session is over. 400: there was no cookie to refresh with.
  const isLoggedOut = answer.status === 401 || answer.status === 400
  if (!answer.ok && !isLoggedOut) throw new Error(`Postern answered ${answer.status}.`)
  form.hidden = answer.ok
  section.hidden = !answer.ok
  status.textContent = answer.ok ? (await answer.json()).message : 'You are not logged in.'
}

async function logIn() {
  const answer = await send('POST', '/api/login/?transport=cookie', Object.fromEntries(new FormData(form)))
  if (!answer.ok) throw new Error((await answer.json()).detail)
  form.reset()
  await show()
}

async function logOut() {
  const answer = await send('POST', '/api/logout/')
  if (answer.status >= 500) throw new Error('You are still logged in. Try again.')
  await show()
}

/** Runs a step, and says what went wrong with it. */
function run(step) {
  status.textContent = 'One moment.'
  return step().catch(error => {
    status.textContent = error instanceof TypeError ? 'Postern cannot be reached from this page.' : error.message
  })
}

form.addEventListener('submit', event => {
  event.preventDefault()
  run(logIn)
})
document.querySelector('#ask').addEventListener('click', () => run(show))
document.querySelector('#log-out').addEventListener('click', () => run(logOut))
run(show).finally(() => {
  if (section.hidden) form.hidden = false
})
