import { BlockList, isIP } from 'node:net'

/** Tells whether an address of a socket is one of the proxies of AUTH_TRUST_PROXY: addresses and CIDR ranges. */
export function createPeers(ranges: readonly string[]): (address: string | undefined) => boolean {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    if (bits === undefined) list.addAddress(address, family(address))
    else list.addSubnet(address, Number(bits), family(address))
  }
  // An IPv4 address that an IPv6 socket shows as ::ffff:192.0.2.1 is found under its IPv4 range.
  return address => address !== undefined && isIP(address) !== 0 && list.check(address, family(address))
}

const family = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4')
