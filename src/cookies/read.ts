/**
 * The value of a cookie as it stands in the Cookie header (RFC 6265 section 4.2); undefined when there is none. Two of one
 * name come out as one text that is no token: which of them we have set, nobody can tell.
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (!header?.includes(name)) return undefined
  const start = `${name}=`
  const found = header
    .split(';')
    .map(pair => pair.trim())
    .filter(pair => pair.startsWith(start))
  return found.length === 0 ? undefined : found.map(pair => pair.slice(start.length)).join(' ')
}
