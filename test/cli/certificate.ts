import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'

const DAY = 86_400_000

/** A certificate that nobody but itself vouches for, and its private key, both as PEM. */
export interface Certificate {
  cert: string
  key: string
}

/** Makes a certificate (RFC 5280) for a host name, which has been valid for a year and stays so for some days. */
export function selfSigned(host: string, days: number): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(objectId('2a8648ce3d040302'))
  // One of its own for each: an authority is looked for by its name.
  const name = sequence(tagged(0x31, sequence(objectId('550403'), tagged(0x0c, Buffer.from(randomUUID())))))
  const names = sequence(sequence(objectId('551d11'), tagged(0x04, sequence(tagged(0x82, Buffer.from(host))))))
  const body = sequence(
    tagged(0xa0, tagged(0x02, Buffer.of(2))),
    tagged(0x02, Buffer.of(1)),
    algorithm,
    name,
    sequence(time(Date.now() - 365 * DAY), time(Date.now() + days * DAY)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, names)
  )
  const signature = Buffer.concat([Buffer.of(0), sign('sha256', body, privateKey)])
  return {
    cert: pem(sequence(body, algorithm, tagged(0x03, signature))),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  }
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.of(tag, ...head), content])
}

const sequence = (...parts: Buffer[]): Buffer => tagged(0x30, Buffer.concat(parts))

const objectId = (hex: string): Buffer => tagged(0x06, Buffer.from(hex, 'hex'))

/** GeneralizedTime: `20260131120000Z`. */
const time = (at: number): Buffer => tagged(0x18, Buffer.from(new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '')))

const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
