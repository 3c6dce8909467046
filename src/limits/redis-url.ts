import { isIP } from 'node:net'

/** Where a Redis is and how it lets us in, as ioredis wants it. Certificates are always verified. */
export function redisAddress(redisUrl: string) {
  const url = new URL(redisUrl)
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return {
    host,
    port: Number(url.port) || 6379,
    db: Number(url.pathname.slice(1)),
    ...(url.username && { username: decodeURIComponent(url.username) }),
    ...(url.password && { password: decodeURIComponent(url.password) }),
    ...(url.protocol === 'rediss:' && { tls: isIP(host) ? {} : { servername: host } })
  }
}

/** What is wrong with a REDIS_URL, without a word of it; nothing when it can be used. */
export function redisUrlProblem(redisUrl: string): string | undefined {
  const url = URL.parse(redisUrl)
  if (!url?.hostname)
    return 'is not a URL with a host; in a password, write : / ? # @ and % as %3A %2F %3F %23 %40 and %25'
  if (!/^\/?\d{0,4}$/.test(url.pathname)) return 'has a path that is not the number of a database, such as /0'
  if (url.search || url.hash) return 'has something behind the number of the database'
  if (!decodes(url.username) || !decodes(url.password)) return 'has a % in its name or password; write it as %25'
  return url.username && !url.password
    ? 'has a name and no password; give it as :PASSWORD@HOST or NAME:PASSWORD@HOST'
    : undefined
}

function decodes(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
