import * as ts from 'typescript/unstable/ast'
import { type Source, within } from './parse.ts'
import type { Rule } from './rule.ts'

const MAY_HAVE_DEFAULT = /^(plugins\/|routes\/|src\/(index|app)\.ts$)/
const MUST_HAVE_DEFAULT = /^(plugins|routes)\//

/** Default exports where none belong, and none where Fastify looks for one. */
function misplacedDefaultExports(sources: Source[]): string[] {
  return sources.flatMap(({ path, tree }) => {
    const has = tree.statements.some(isDefaultExport)
    if (has && !MAY_HAVE_DEFAULT.test(path)) return [`${path} has a default export`]
    if (!has && MUST_HAVE_DEFAULT.test(path)) return [`${path} has no default export`]
    return []
  })
}

/**
 * Exports without a JSDoc sentence. Not asked of types that are derived from something else, of a route (its schema
 * says it) and of what autoload wants exported.
 */
function undocumentedExports(sources: Source[]): string[] {
  return sources.flatMap(({ path, tree }) =>
    tree.statements
      .filter(statement => isExported(statement) && !statement.jsDoc?.length)
      .filter(statement => !speaksForItself(statement, path) && !isDocumentedAbove(statement, tree))
      .map(statement => `${path} does not say what it exports: ${statement.getText(tree).split('\n', 1)}`)
  )
}

/** Classes other than errors. */
function classesThatAreNoErrors(sources: Source[]): string[] {
  return sources.flatMap(({ path, tree }) =>
    [...within(tree)]
      .filter(node => ts.isClassDeclaration(node) || ts.isClassExpression(node))
      .filter(({ heritageClauses }) => !/^extends \w*Error\b/.test(heritageClauses?.[0]?.getText(tree) ?? ''))
      .map(({ name }) => `${path} has a class ${name?.text ?? ''}`)
  )
}

/** Additions to Fastify's types away from the decorator that they describe. */
function misplacedAugmentations(sources: Source[]): string[] {
  return sources
    .filter(({ path }) => !path.startsWith('plugins/') && path !== 'src/index.ts')
    .filter(({ tree }) =>
      tree.statements.some(statement => ts.isModuleDeclaration(statement) && ts.isStringLiteral(statement.name))
    )
    .map(({ path }) => `${path} adds to the types of another module`)
}

function speaksForItself(statement: ts.Statement, path: string): boolean {
  if (ts.isTypeAliasDeclaration(statement)) return !ts.isTypeLiteralNode(statement.type)
  if (ts.isExportAssignment(statement)) return path.startsWith('routes/') && !path.endsWith('/autohooks.ts')
  if (!ts.isVariableStatement(statement)) return false
  return statement.declarationList.declarations.every(
    ({ name }) => ts.isObjectBindingPattern(name) || (ts.isIdentifier(name) && name.text === 'autoPrefix')
  )
}

/** `export default name`, where the name has its sentence. */
const isDocumentedAbove = (statement: ts.Statement, { statements }: ts.SourceFile): boolean =>
  ts.isExportAssignment(statement) &&
  ts.isIdentifier(statement.expression) &&
  statements
    .filter(ts.isVariableStatement)
    .some(({ jsDoc, declarationList: { declarations } }) =>
      declarations.some(({ name }) => jsDoc?.length && name.getText() === statement.expression.getText())
    )

const isDefaultExport = (statement: ts.Statement): boolean =>
  ts.isExportAssignment(statement) ||
  modifiers(statement).includes(ts.SyntaxKind.DefaultKeyword) ||
  (ts.isExportDeclaration(statement) && /\bdefault\b(?! as)/.test(statement.getText()))

const isExported = (statement: ts.Statement): boolean =>
  ts.isExportAssignment(statement) || modifiers(statement).includes(ts.SyntaxKind.ExportKeyword)

const modifiers = (statement: ts.Statement): ts.SyntaxKind[] =>
  'modifiers' in statement ? ((statement.modifiers ?? []) as ts.Node[]).map(({ kind }) => kind) : []

const tooLong = (sources: Source[]): string[] =>
  sources.filter(({ text }) => text.split('\n').length > 201).map(({ path }) => `${path} has more than 200 lines`)

/** The rules of what a file shows, and of its length. */
export const rules: Rule[] = [
  {
    rule: 'default exports stand where Fastify looks for one, and in the entry files',
    check: misplacedDefaultExports,
    broken: {
      'src/core/a.ts': 'export default 1',
      'src/b.ts': `export { b as default } from './c.ts'`,
      'src/c.ts': 'export default function c() {}',
      'plugins/a.ts': 'export const a = 1'
    },
    said: [
      'plugins/a.ts has no default export',
      'src/b.ts has a default export',
      'src/c.ts has a default export',
      'src/core/a.ts has a default export'
    ]
  },
  {
    rule: 'every export says what it promises',
    check: undocumentedExports,
    broken: {
      'src/a.ts': '/** Says it. */\nexport const a = 1\nexport const b = 2\nexport type A = ReturnType<typeof c>',
      'src/b.ts': '// Not a promise.\nexport function c() {}\nexport interface B {}\nexport type C = { d: 1 }',
      'plugins/a.ts': 'export default fp(async () => {})',
      'routes/a.ts': `export const autoPrefix = '/a'\nexport default async () => {}`,
      'routes/autohooks.ts': '/** Guards. */\nexport default async () => {}'
    },
    said: [
      'plugins/a.ts does not say what it exports: export default fp(async () => {})',
      'src/a.ts does not say what it exports: export const b = 2',
      'src/b.ts does not say what it exports: export function c() {}',
      'src/b.ts does not say what it exports: export interface B {}',
      'src/b.ts does not say what it exports: export type C = { d: 1 }'
    ]
  },
  {
    rule: 'classes are errors',
    check: classesThatAreNoErrors,
    broken: {
      'src/a.ts': 'class A {}\nclass B extends Error {}\nclass C extends TypeError {}\nconst d = class extends Map {}'
    },
    said: ['src/a.ts has a class ', 'src/a.ts has a class A']
  },
  {
    rule: 'types of Fastify are added to beside the decorator only',
    check: misplacedAugmentations,
    broken: {
      'src/guard.ts': `declare module 'fastify' {}`,
      'plugins/a.ts': `declare module 'fastify' {}`,
      'src/index.ts': `declare module 'fastify' {}`
    },
    said: ['src/guard.ts adds to the types of another module']
  },
  {
    rule: 'no file is longer than 200 lines',
    check: tooLong,
    broken: { 'src/a.ts': '\n'.repeat(200), 'src/b.ts': '\n'.repeat(201) },
    said: ['src/b.ts has more than 200 lines']
  }
]
