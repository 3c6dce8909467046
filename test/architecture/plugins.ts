import { posix } from 'node:path'
import * as ts from 'typescript/unstable/ast'
import { type Source, within } from './parse.ts'
import type { Rule } from './rule.ts'

interface Plugin {
  path: string
  /** As the file is called. */
  file: string
  /** As it calls itself. */
  name: string | undefined
  dependencies: string[]
  decorates: string[]
  reads: string[]
}

/** What is wrong with how plugins call themselves and what they wait for. */
function pluginProblems(sources: Source[]): string[] {
  const plugins = sources.filter(({ path }) => path.startsWith('plugins/')).map(describe)
  const names = plugins.map(({ file }) => file)
  const owner = new Map(plugins.flatMap(({ file, decorates }) => decorates.map(decorator => [decorator, file])))
  return plugins.flatMap(({ path, file, name, dependencies, reads }) => [
    ...(name === file ? [] : [`${path} calls itself ${name}`]),
    ...dependencies
      .filter(other => !names.includes(other))
      .map(other => `${path} waits for ${other}, which is no plugin`),
    ...reads
      .filter(decorator => owner.has(decorator) && owner.get(decorator) !== file)
      .filter(decorator => !dependencies.includes(owner.get(decorator) as string))
      .map(decorator => `${path} reads ${decorator} and does not wait for ${owner.get(decorator)}`)
  ])
}

function describe({ path, tree }: Source): Plugin {
  const nodes = [...within(tree)]
  const fp = nodes.filter(ts.isCallExpression).find(({ expression }) => expression.getText() === 'fp')
  const [body, options] = fp?.arguments ?? []
  const server = body && ts.isArrowFunction(body) ? (body.parameters[0]?.name.getText() ?? '') : ''
  return {
    path,
    file: posix.basename(path, '.ts'),
    name: texts(property(options, 'name'))[0],
    dependencies: texts(property(options, 'dependencies')),
    decorates: nodes.filter(ts.isCallExpression).flatMap(decoratorOf),
    reads: nodes.flatMap(node => readsOf(node, server))
  }
}

function property(object: ts.Node | undefined, name: string): ts.Node | undefined {
  if (!object || !ts.isObjectLiteralExpression(object)) return undefined
  return object.properties.find(part => ts.isPropertyAssignment(part) && part.name.getText() === name)
}

const texts = (node: ts.Node | undefined): string[] =>
  node ? [...within(node)].filter(ts.isStringLiteral).map(({ text }) => text) : []

function decoratorOf({ expression, arguments: [name] }: ts.CallExpression): string[] {
  if (!ts.isPropertyAccessExpression(expression) || expression.name.text !== 'decorate') return []
  return name && ts.isStringLiteral(name) ? [name.text] : []
}

/** The properties of the server that are read here: `server.core`, and `const { core } = server`. */
function readsOf(node: ts.Node, server: string): string[] {
  const isServer = (expression: ts.Node | undefined) => expression?.getText() === server
  if (ts.isPropertyAccessExpression(node)) return isServer(node.expression) ? [node.name.text] : []
  if (!ts.isVariableDeclaration(node) || !isServer(node.initializer)) return []
  if (!ts.isObjectBindingPattern(node.name)) return []
  return node.name.elements.map(({ name, propertyName }) => (propertyName ?? name)?.getText() ?? '')
}

/** The rules of how plugins find each other. */
export const rules: Rule[] = [
  {
    rule: 'a plugin is called as its file, and waits for the plugins whose decorators it reads',
    check: pluginProblems,
    broken: {
      'plugins/core.ts': `export default fp(async server => { server.decorate('core', 1) }, { name: 'core' })`,
      'plugins/a.ts': `export default fp(async server => { use(server.core) }, { name: 'b', dependencies: ['nobody'] })`,
      'plugins/b.ts': `export default fp(async app => { const { core: c } = app }, { name: 'b' })`,
      'plugins/c.ts': `export default fp(async app => { const { core } = app }, { name: 'c', dependencies: ['core'] })`
    },
    said: [
      'plugins/a.ts calls itself b',
      'plugins/a.ts reads core and does not wait for core',
      'plugins/a.ts waits for nobody, which is no plugin',
      'plugins/b.ts reads core and does not wait for core'
    ]
  }
]
