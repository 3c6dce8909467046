import * as ts from 'typescript/unstable/ast'
import { type Source, within } from './parse.ts'
import type { Rule } from './rule.ts'

/** Uses of `process` in the core, which must not know what runs it. */
function processInCore(sources: Source[]): string[] {
  return inFolder(sources, 'src/core/').flatMap(source =>
    uses(source, 'process').map(property => `${source.path} reads process.${property}`)
  )
}

/** The environment read anywhere but in the command line. */
function environmentOutsideCli(sources: Source[]): string[] {
  return sources
    .filter(({ path }) => !/^src\/cli(\/|\.ts$)/.test(path))
    .filter(source => uses(source, 'process').some(property => property === 'env' || property === ''))
    .map(({ path }) => `${path} reads the environment`)
}

/** Uses of the console. */
const consoleUses = (sources: Source[]): string[] =>
  sources.filter(source => uses(source, 'console').length > 0).map(({ path }) => `${path} writes to the console`)

/** The wall clock read in the core or the store, where time is an argument. */
function clockInCore(sources: Source[]): string[] {
  return [...inFolder(sources, 'src/core/'), ...inFolder(sources, 'src/db/')]
    .filter(
      source =>
        uses(source, 'Date').includes('now') ||
        [...within(source.tree)].some(
          node => ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length
        )
    )
    .map(({ path }) => `${path} reads the clock`)
}

const inFolder = (sources: Source[], folder: string) => sources.filter(({ path }) => path.startsWith(folder))

/** The properties that are read off a global; empty for the global by itself, as in `const { env } = process`. */
function uses({ tree }: Source, name: string): string[] {
  return [...within(tree)]
    .filter(node => ts.isIdentifier(node) && node.text === name)
    .map(node => (isOfGlobalThis(node.parent) ? node.parent : node))
    .filter(node => isOfGlobalThis(node) || !isKey(node))
    .map(node => (ts.isPropertyAccessExpression(node.parent) ? node.parent.name.text : ''))
}

const isOfGlobalThis = (node: ts.Node): boolean =>
  ts.isPropertyAccessExpression(node) && node.expression.getText() === 'globalThis'

/** Whether a name is that of a property. */
const isKey = (node: ts.Node): boolean => 'name' in node.parent && node.parent.name === node

/** The rules of what comes from outside as an argument. */
export const rules: Rule[] = [
  {
    rule: 'the core does not know its process',
    check: processInCore,
    broken: {
      'src/core/a.ts':
        'process.pid\nconst { env } = process\nglobalThis.process.exit()\nconst o = { process: 1 }\no.process',
      'src/b.ts': 'process.pid'
    },
    said: ['src/core/a.ts reads process.', 'src/core/a.ts reads process.exit', 'src/core/a.ts reads process.pid']
  },
  {
    rule: 'only the command line reads the environment',
    check: environmentOutsideCli,
    broken: {
      'src/a.ts': 'process.env.PORT',
      'plugins/a.ts': 'const { env } = process',
      'routes/a.ts': `process['env']`,
      'src/b.ts': 'process.versions.node',
      'src/cli.ts': 'process.env',
      'src/cli/main.ts': 'process.env'
    },
    said: ['plugins/a.ts reads the environment', 'routes/a.ts reads the environment', 'src/a.ts reads the environment']
  },
  {
    rule: 'nobody writes to the console',
    check: consoleUses,
    broken: {
      'src/a.ts': 'console.log(1)',
      'plugins/a.ts': 'const { warn } = console',
      'src/b.ts': `const a = 'console'`
    },
    said: ['plugins/a.ts writes to the console', 'src/a.ts writes to the console']
  },
  {
    rule: 'core and store are told the time',
    check: clockInCore,
    broken: {
      'src/core/a.ts': 'const now = Date.now',
      'src/db/a.ts': 'const at = new Date()',
      'src/core/b.ts': 'const at = new Date(now())',
      'src/server.ts': 'Date.now()'
    },
    said: ['src/core/a.ts reads the clock', 'src/db/a.ts reads the clock']
  }
]
