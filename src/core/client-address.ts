import { isIP } from 'node:net'

// Some proxies add the port of the client, and each new connection would be somebody else.
const WITH_PORT = /^\[([^\]]+)\](?::\d+)?$|^([\d.]+):\d+$/
const MAPPED = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/

/**
 * Whom a client address stands for, in one spelling: an IPv4 address, also in IPv6 clothes (RFC 4291 section 2.5.5.2), or
 * the /64 of an IPv6 address, which one customer has whole. What is no address is the one client `unknown`.
 */
export function clientNetwork(address: string): string {
  const ported = WITH_PORT.exec(address)
  const [bare = ''] = (ported?.[1] ?? ported?.[2] ?? address).split('%')
  const family = isIP(bare)
  if (family === 4) return bare
  return family === 6 ? networkOf(bare) : 'unknown'
}

function networkOf(address: string): string {
  const compressed = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [, high, low] = MAPPED.exec(compressed) ?? []
  if (high && low) return Buffer.from(high.padStart(4, '0') + low.padStart(4, '0'), 'hex').join('.')
  const [head = '', tail] = compressed.split('::')
  const [before, after] = [head, tail ?? ''].map(groups => groups.split(':').filter(Boolean)) as [string[], string[]]
  // There are eight groups: `::` stands for those that are missing.
  const missing = Array<string>(8 - before.length - after.length).fill('0')
  return `${[...before, ...missing, ...after].slice(0, 4).join(':')}::/64`
}
