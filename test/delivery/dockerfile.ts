/** One instruction of a Dockerfile, its continued lines joined. */
export interface Instruction {
  name: string
  text: string
}

/** What stands between one FROM and the next. */
export interface Stage {
  name: string
  from: string
  instructions: Instruction[]
}

/** The stages of a Dockerfile, in order. Knows what ours uses: no parser directives, no heredocs, no ONBUILD. */
export function parseDockerfile(source: string): Stage[] {
  const stages: Stage[] = []
  const lines = source.split('\n').filter(line => !line.startsWith('#'))
  for (const line of lines.join('\n').replaceAll('\\\n', ' ').split('\n')) {
    const [, name, text] = /^([A-Z]+)\s+(.+)$/.exec(line.trim()) ?? []
    if (!name || !text) continue
    const [from = '', , alias] = text.split(/\s+/)
    if (name === 'FROM') stages.push({ name: alias ?? `stage-${stages.length}`, from, instructions: [] })
    else stages.at(-1)?.instructions.push({ name, text })
  }
  return stages
}

/** The texts of all instructions of one name. */
export const textsOf = (stage: Stage, name: string): string[] =>
  stage.instructions.filter(instruction => instruction.name === name).map(({ text }) => text)

/** The pairs of ENV and LABEL instructions. */
export function pairsOf(stage: Stage, name: 'ENV' | 'LABEL'): Record<string, string> {
  const pairs = textsOf(stage, name).flatMap(text => [...text.matchAll(/([\w.]+)=("[^"]*"|\S+)/g)])
  return Object.fromEntries(pairs.map(([, key, value]) => [key, value?.replace(/^"|"$/g, '')]))
}

/** The options (`--from=build`) and the words of an instruction. */
export function wordsOf(text: string): { options: Record<string, string>; words: string[] } {
  const all = text.split(/\s+/)
  const options = all.filter(word => word.startsWith('--')).map(word => word.slice(2).split('='))
  return { options: Object.fromEntries(options), words: all.filter(word => !word.startsWith('--')) }
}

/** The command of an instruction in exec form, such as `CMD ["serve"]`; fails for the shell form. */
export const commandOf = (stage: Stage, name: string): string[] =>
  JSON.parse(
    textsOf(stage, name)
      .join()
      .replace(/^.*?CMD /, '')
  )

/** Whether .dockerignore keeps a path out: the last pattern that fits it, or a folder above it, decides. */
export function ignores(source: string): (path: string) => boolean {
  const patterns = source
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => ({ keeps: line.startsWith('!'), pattern: expression(line.replace(/^!/, '')) }))
  return path => {
    const parts = path.split('/')
    const paths = parts.map((_, at) => parts.slice(0, at + 1).join('/'))
    const last = patterns.findLast(({ pattern }) => paths.some(candidate => pattern.test(candidate)))
    return last !== undefined && !last.keeps
  }
}

function expression(glob: string): RegExp {
  const escaped = glob.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  return new RegExp(
    `^${escaped.replace(/\*\*\/|\*|\?/g, wild => ({ '**/': '(.*/)?', '*': '[^/]*' })[wild] ?? '[^/]')}$`
  )
}
