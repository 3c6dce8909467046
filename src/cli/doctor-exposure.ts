import { BlockList, isIP } from 'node:net'
import type { Config } from '../config.ts'
import { isLoopback } from '../loopback.ts'
import type { Finding } from './finding.ts'

/** Networks that nobody reaches from the internet: a range inside one of them is as wide as its owner likes. */
const PRIVATE = [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['fc00::', 7],
  ['fe80::', 10]
] as const

// What providers of proxies publish is narrower than this.
const WIDEST = { 4: 12, 6: 24 }

/** What a service that others reach leaves open to them: whose address counts, who may register, who reads metrics. */
export function* checkExposure(config: Config): Generator<Finding> {
  yield* proxies(config)
  const isPublic = !isLoopback(new URL(config.publicUrl).hostname)
  if (config.authMetrics === 'on' && isPublic)
    yield [
      'warn',
      'AUTH_METRICS is on: /metrics is open to whoever reaches the service. Let the proxy refuse it to all but the monitoring'
    ]
  if (config.authRegistration === 'open' && config.authEmailVerification !== 'required' && isPublic)
    yield [
      'warn',
      'anybody may register and log in with an address that is not theirs. Set AUTH_EMAIL_VERIFICATION=required, or AUTH_REGISTRATION to invite or closed'
    ]
}

function* proxies({ host, publicUrl, authTrustProxy }: Config): Generator<Finding> {
  const { protocol, hostname } = new URL(publicUrl)
  const isBehind = protocol === 'https:' || (isLoopback(host) && !isLoopback(hostname))
  if (authTrustProxy.length === 0 && isBehind) {
    const proxy = isLoopback(host) ? 'AUTH_TRUST_PROXY=127.0.0.1,::1' : 'AUTH_TRUST_PROXY to the address of the proxy'
    yield [
      'warn',
      `AUTH_TRUST_PROXY is empty, but a proxy stands in front: all clients share its address, and its limits. Set ${proxy}`
    ]
  } else if (authTrustProxy.length > 0) {
    const wide = authTrustProxy.filter(isTooWide)
    yield wide.length === 0
      ? ['ok', `X-Forwarded-For counts from ${authTrustProxy.join(', ')}`]
      : [
          'warn',
          `AUTH_TRUST_PROXY holds ${wide.join(', ')}: whoever is in there can name any address as their own, and has no limits. Name the proxies alone`
        ]
  }
}

function isTooWide(range: string): boolean {
  const [address = '', bits] = range.split('/')
  const family = isIP(address) === 6 ? 6 : 4
  if (bits === undefined || Number(bits) >= WIDEST[family]) return false
  return !PRIVATE.some(([network, least]) => isWithin(address, Number(bits), network, least))
}

function isWithin(address: string, bits: number, network: string, least: number): boolean {
  if (bits < least || isIP(address) !== isIP(network)) return false
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4'
  const list = new BlockList()
  list.addSubnet(network, least, family)
  return list.check(address, family)
}
