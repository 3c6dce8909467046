import type { IncomingHttpHeaders } from 'node:http'

const SCHEME = /^https?$/
const HOST = /^([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?$/i
const TARGET = /^\/[!-~]*$/
const WHOLE = /^(https?):\/\/([^/?#]+)(\/[!-~]*)$/

/**
 * The URL that a proxy asks about, by its X-Forwarded-Proto, -Host and -Uri or its X-Original-URL; undefined when they
 * make none, or two different ones: then one of them comes from a client.
 */
export function originalUrl(headers: IncomingHttpHeaders): string | undefined {
  const found = [inParts(headers), inOne(headers)].filter(url => url !== undefined)
  return new Set(found).size === 1 ? found[0] : undefined
}

function inParts(headers: IncomingHttpHeaders): string | undefined {
  const { 'x-forwarded-proto': scheme, 'x-forwarded-host': host, 'x-forwarded-uri': target } = headers
  return join(scheme, host, target)
}

function inOne({ 'x-original-url': url }: IncomingHttpHeaders): string | undefined {
  const [, scheme, host, target] = WHOLE.exec(String(url)) ?? []
  return join(scheme, host, target)
}

function join(scheme: unknown, host: unknown, target: unknown): string | undefined {
  const fits = SCHEME.test(String(scheme)) && HOST.test(String(host)) && TARGET.test(String(target))
  return fits ? URL.parse(`${scheme}://${host}${target}`)?.href : undefined
}
