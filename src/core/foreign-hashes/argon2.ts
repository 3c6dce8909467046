import { parseOptions, verify } from '@node-rs/argon2'
import { damaged, type ReadForeignHash, tooCostly } from './foreign-hash.ts'

const GIBIBYTE = 2 ** 20
/** In KiB. */
const MOST_MEMORY = GIBIBYTE
/** KiB written in all passes, which is what the time is proportional to. */
const MOST_WORK = 4 * GIBIBYTE
const MOST_LANES = 64
const PHC =
  /^(\$argon2(?:id|i|d)\$(?:v=(?:16|19)\$)?m=([1-9]\d*),t=([1-9]\d*),p=([1-9]\d*))\$[\w+/]{11,86}\$[\w+/]{16,86}$/

/** The PHC strings of argon2id, argon2i and argon2d (RFC 9106), and the same behind Django's name `argon2`. */
export const readArgon2: ReadForeignHash = encoded => {
  if (!/^(argon2)?\$argon2/.test(encoded)) return undefined
  const phc = encoded.replace(/^argon2/, '')
  const [, parameters, m, t, p] = PHC.exec(phc) ?? []
  if (!parameters) throw damaged('argon2 is written as $argon2id$v=19$m=KIB,t=PASSES,p=LANES$SALT$DIGEST')
  const [memory, passes, lanes] = [Number(m), Number(t), Number(p)]
  const what = `argon2 with m=${m}, t=${t}, p=${p}`
  if (memory > MOST_MEMORY) throw tooCostly(what, `m=${MOST_MEMORY}`)
  if (memory * passes > MOST_WORK) throw tooCostly(what, `m * t = ${MOST_WORK}`)
  if (lanes > MOST_LANES) throw tooCostly(what, `p=${MOST_LANES}`)
  if (memory < 8 * lanes) throw damaged(`there is no ${what}`)
  if (!isReadable(phc)) throw damaged('its salt or digest is not base64')
  return { cost: parameters, matches: password => verify(phc, password) }
}

function isReadable(phc: string): boolean {
  try {
    return parseOptions(phc).saltLen >= 8
  } catch {
    return false
  }
}
