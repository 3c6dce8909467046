/** What a generator shall send, and for how long. */
export interface Task {
  port: number
  connections: number
  /** Seconds that count, after `lead` seconds that do not. */
  seconds: number
  lead: number
  /** Whole requests; or else `chain`. The connections share either out and use their part in turn. */
  requests?: string[]
  chain?: Chain
  /** Requests a second, on schedule; without it each connection sends as soon as it has its answer. */
  rate?: number
  /**
   * Keeps the generator from ever sleeping: otherwise a server pays for waking it with every answer, the more so the
   * slower it is, and on a virtual machine that costs as much as answering. Takes a core, so not where the server needs both: for hashing, for the disk.
   */
  awake?: boolean
}

/** Refreshes, each with the token of the answer before. */
export interface Chain {
  path: string
  tokens: string[]
}

/** What came of it. */
export interface Outcome {
  /** Answers a second. */
  rate: number
  /** Milliseconds from the moment a request was due to its answer; only with a `rate`. */
  latencies: number[]
  /** The tokens that the chains ended with, in the order of the task. */
  tokens: string[]
}

/** A request as it goes over the wire. Bodies are ASCII, and JSON unless the headers say otherwise. */
export function request(method: string, path: string, port: number, headers: Record<string, string> = {}, body = '') {
  const content = body ? { 'content-type': 'application/json', 'content-length': String(body.length) } : {}
  const lines = Object.entries({ host: `127.0.0.1:${port}`, ...content, ...headers })
  return `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
}

/** The header of an access token. */
export const bearer = (access: string) => ({ authorization: `Bearer ${access}` })
