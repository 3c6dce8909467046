/** The oldest Node.js that runs Postern: it reads TypeScript, and better-sqlite3 does not crash on it. */
const OLDEST = [22, 18] as const

/** One sentence for somebody on an older Node.js; undefined on a good one. Needs nothing that an old one lacks. */
export function runtimeProblem(version: string = process.versions.node): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return undefined
  return `Postern needs Node.js ${OLDEST.join('.')} or newer, and this is ${version}.`
}
