import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Instruction, type Stage, wordsOf } from './dockerfile.ts'
import { shell } from './shell.ts'

/** What stands in for a container engine. */
export interface Engine {
  /** The checkout, and the paths in it that go to the build. */
  context: string
  files: string[]
  /** An empty folder for the file systems of the stages. */
  folder: string
  /** Whom the user of the image becomes here, as `uid:gid`. */
  user: string
  /** Does what an `npm ci` of the Dockerfile does in a folder. */
  install(folder: string, command: string): void
}

/** Follows the instructions of all stages; gives the folder that is the root of the last one's file system. */
export function buildImage(stages: Stage[], engine: Engine): string {
  const roots = new Map<string, string>()
  for (const stage of stages) {
    const root = join(engine.folder, stage.name)
    mkdirSync(root)
    const base = roots.get(stage.from)
    if (base) cpSync(base, root, { recursive: true })
    roots.set(stage.name, root)
    // Every stage of ours works there, be it by its base.
    const work = join(root, 'app')
    mkdirSync(work, { recursive: true })
    for (const instruction of stage.instructions) follow(instruction, { root, work, roots, engine })
  }
  return [...roots.values()].at(-1) ?? ''
}

interface Place {
  root: string
  work: string
  roots: Map<string, string>
  engine: Engine
}

function follow({ name, text }: Instruction, place: Place): void {
  if (name === 'RUN') run(text, place)
  if (name === 'COPY') copy(text, place)
  if (name === 'WORKDIR' && text !== '/app') throw new Error(`WORKDIR ${text} is not /app`)
}

function run(command: string, { root, work, engine }: Place): void {
  if (command.startsWith('npm ci')) engine.install(work, command)
  else shell(command.replaceAll(' /', ` ${root}/`).replaceAll('node:node', engine.user), work)
}

function copy(text: string, { work, roots, engine }: Place): void {
  const { options, words } = wordsOf(text)
  const target = words.pop() ?? ''
  for (const source of words) {
    const to = join(work, target === './' ? source : target)
    // Moved, because it is quicker and no other stage takes it.
    if (options.from) renameSync(join(roots.get(options.from) ?? '', source), to)
    else copyFromContext(source, to, engine)
    if (options.chmod) shell(`chmod -R ${options.chmod} '${to}'`, work)
  }
}

function copyFromContext(source: string, to: string, { context, files }: Engine): void {
  const found = files.filter(file => file === source || file.startsWith(`${source}/`))
  if (found.length === 0) throw new Error(`COPY ${source}: the build is not given it`)
  for (const file of found) {
    const destination = join(to, file.slice(source.length))
    mkdirSync(dirname(destination), { recursive: true })
    cpSync(join(context, file), destination)
  }
}

/** What the build is given: the files of the checkout that git would take, without those that .dockerignore keeps out. */
export function buildContext(checkout: string, isIgnored: (path: string) => boolean): string[] {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const all = execFileSync('git', ['-c', 'safe.directory=*', ...list], { cwd: checkout, encoding: 'utf8' }).split('\0')
  return all.filter(file => file !== '' && !isIgnored(file) && isFile(join(checkout, file)))
}

const isFile = (path: string) => existsSync(path) && statSync(path).isFile()
