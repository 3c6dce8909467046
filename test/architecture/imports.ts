import { posix } from 'node:path'
import * as ts from 'typescript/unstable/ast'
import { type Source, within } from './parse.ts'
import type { Rule } from './rule.ts'

/** One import, re-export, dynamic import or import type. */
interface Import {
  /** A path from the top of the project, or the name of a package or of a module of Node.js. */
  target: string
  typeOnly: boolean
}

/** What the files of a folder may import. The first row that fits a file counts. */
interface Row {
  files: RegExp
  may: RegExp[]
  /** What they may import as types only. */
  mayAsType?: RegExp[]
}

const NODE = /^node:(?!process$)/
const PACKAGE = /^(?!src\/|plugins\/|routes\/|node:)[@a-z]/
const FASTIFY = /^(fastify|fastify-plugin|@fastify\/[a-z-]+)$/
const NEITHER_FASTIFY_NOR_DRIVER =
  /^(?!src\/|plugins\/|routes\/|node:|fastify|@fastify\/|better-sqlite3|pg$|drizzle-orm\/)[@a-z]/

const TABLE: Row[] = [
  { files: /^src\/db\//, may: [/^src\/db\//, NODE, /^drizzle-orm(\/|$)/, /^(better-sqlite3|pg)$/] },
  {
    files: /^src\/core\//,
    may: [/^src\/core\//, /^src\/db\//, /^src\/errors\.ts$/, NODE, NEITHER_FASTIFY_NOR_DRIVER],
    mayAsType: [/^src\/config\.ts$/]
  },
  { files: /^src\/schemas\//, may: [/^src\/schemas\//, /^typebox$/] },
  {
    files: /^src\/verify\//,
    may: [/^src\/verify\//, /^src\/(errors|guard|problem|core\/claims)\.ts$/, NODE, /^(fast-jwt|lru-cache)$/]
  },
  {
    files: /^src\/import\//,
    may: [/^src\/import\//, /^src\/errors\.ts$/, NODE, /^(better-sqlite3|csv-parse)$/, /^stream-json\//],
    mayAsType: [/^src\/core\/user-import\/source\.ts$/]
  },
  {
    files: /^src\/pages\//,
    may: [
      /^src\/pages\//,
      /^src\/mail\/(languages|template-check)\.ts$/,
      /^src\/(errors|problem|core\/password-policy)\.ts$/,
      NODE,
      /^mustache$/
    ],
    mayAsType: [/^src\/(config|core\/profiles)\.ts$/, /^fastify$/]
  },
  {
    files: /^src\/limits\//,
    may: [/^src\/limits\//, NODE, /^(@lukeed\/ms|ioredis)$/],
    mayAsType: [/^@fastify\/rate-limit$/]
  },
  { files: /^plugins\//, may: [/^src\/(?!cli(\/|\.ts$))/, NODE, FASTIFY] },
  {
    files: /^routes\//,
    may: [/^src\/schemas\//, /^src\/errors\.ts$/, NODE, /^typebox$/],
    mayAsType: [/^fastify$/, /^@fastify\/type-provider-typebox$/]
  },
  { files: /^src\/cli(\/|\.ts$)/, may: [/^src\//, /^node:/, PACKAGE] },
  { files: /^src\//, may: [/^src\/(?!cli(\/|\.ts$))/, NODE, PACKAGE] }
]

/** Imports that the table of the house does not allow. */
function forbiddenImports(sources: Source[]): string[] {
  const known = new Set(sources.map(({ path }) => path))
  return sources.flatMap(source => {
    const row = TABLE.find(({ files }) => files.test(source.path))
    return importsOf(source)
      .filter(({ target, typeOnly }) => {
        if (isOurs(target) && !known.has(target)) return true
        const allowed = [...(row?.may ?? []), ...(typeOnly ? (row?.mayAsType ?? []) : [])]
        return !allowed.some(pattern => pattern.test(target))
      })
      .map(({ target, typeOnly }) => `${source.path} imports ${typeOnly ? 'types of ' : ''}${target}`)
  })
}

/** Packages that are imported but would be missing where only the dependencies are installed. */
function undeclaredPackages(sources: Source[], dependencies: string[]): string[] {
  return sources.flatMap(source =>
    importsOf(source)
      .filter(({ target }) => PACKAGE.test(target))
      .map(({ target }) => target.split('/', target.startsWith('@') ? 2 : 1).join('/'))
      .filter(name => !dependencies.includes(name))
      .map(name => `${source.path} imports ${name}, which is no dependency`)
  )
}

/** Files that import each other in a ring, types included: each ring once. */
function importCycles(sources: Source[]): string[] {
  const edges = new Map(sources.map(source => [source.path, importsOf(source).map(({ target }) => target)]))
  const found = new Map<string, string>()
  const done = new Set<string>()

  function visit(path: string, trail: string[]): void {
    const start = trail.indexOf(path)
    if (start >= 0) {
      const ring = trail.slice(start)
      found.set(ring.toSorted().join(), [...ring, path].join(' -> '))
    }
    if (done.has(path) || start >= 0) return
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }

  for (const path of edges.keys()) visit(path, [])
  return [...found.values()]
}

function importsOf({ path, tree }: Source): Import[] {
  const found: Import[] = []
  const add = (specifier: ts.Node | undefined, typeOnly: boolean) => {
    const text = specifier && ts.isStringLiteral(specifier) ? specifier.text : '(a computed name)'
    found.push({ target: text.startsWith('.') ? posix.join(posix.dirname(path), text) : text, typeOnly })
  }
  for (const node of within(tree)) {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, hasTypesOnly(node.importClause))
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier) add(node.moduleSpecifier, node.isTypeOnly)
    else if (ts.isImportTypeNode(node))
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true)
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false)
  }
  return found
}

function hasTypesOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause?.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  const names = clause?.namedBindings
  return !clause?.name && !!names && ts.isNamedImports(names) && names.elements.every(({ isTypeOnly }) => isTypeOnly)
}

const isOurs = (target: string) => /^\.|\.ts$|^(src|plugins|routes|test)\//.test(target)

/** The rules of who may import whom. */
export const rules: Rule[] = [
  {
    rule: 'nobody imports what the table of the house does not allow',
    check: forbiddenImports,
    broken: {
      'src/db/a.ts': `import { b } from '../core/b.ts'\nimport type { Config } from '../config.ts'\nimport 'fastify'`,
      'src/core/b.ts': `import type { FastifyInstance } from 'fastify'\nimport p from '../../plugins/a.ts'\nimport 'node:process'`,
      'src/core/c.ts': `import { type Config, resolveConfig } from '../config.ts'\nexport * from '../../routes/a.ts'`,
      'src/core/d.ts': `import Sqlite from 'better-sqlite3'\nimport { x } from '../../test/helper.ts'`,
      'src/core/e.ts': `const load = (name: string) => import(name)\ntype Reply = import('fastify').FastifyReply`,
      'src/schemas/a.ts': `import { PosternError } from '../errors.ts'\nimport 'node:crypto'`,
      'src/import/a.ts': `import { users } from '../core/users.ts'\nimport 'fastify'\nimport { parse } from 'csv-parse'`,
      'src/pages/a.ts': `import { users } from '../core/users.ts'\nimport Fastify from 'fastify'\nimport 'mustache'`,
      'src/limits/a.ts': `import { users } from '../core/users.ts'\nimport 'fastify'\nimport { parse } from '@lukeed/ms'`,
      'src/app.ts': `import p from '../plugins/a.ts'\nimport { main } from './cli.ts'`,
      'plugins/a.ts': `import b from './b.ts'\nimport r from '../routes/a.ts'\nimport 'drizzle-orm'`,
      'plugins/b.ts': '',
      'routes/a.ts': `import { b } from '../src/core/b.ts'\nimport Fastify from 'fastify'\nimport p from '../plugins/a.ts'`,
      'routes/b.ts': `import { eq } from 'drizzle-orm'\nimport { a } from '../src/db/a.ts'`,
      'src/config.ts': '',
      'src/errors.ts': '',
      'src/cli.ts': ''
    },
    said: [
      'plugins/a.ts imports drizzle-orm',
      'plugins/a.ts imports plugins/b.ts',
      'plugins/a.ts imports routes/a.ts',
      'routes/a.ts imports fastify',
      'routes/a.ts imports plugins/a.ts',
      'routes/a.ts imports src/core/b.ts',
      'routes/b.ts imports drizzle-orm',
      'routes/b.ts imports src/db/a.ts',
      'src/app.ts imports plugins/a.ts',
      'src/app.ts imports src/cli.ts',
      'src/core/b.ts imports node:process',
      'src/core/b.ts imports plugins/a.ts',
      'src/core/b.ts imports types of fastify',
      'src/core/c.ts imports routes/a.ts',
      'src/core/c.ts imports src/config.ts',
      'src/core/d.ts imports better-sqlite3',
      'src/core/d.ts imports test/helper.ts',
      'src/core/e.ts imports (a computed name)',
      'src/core/e.ts imports types of fastify',
      'src/db/a.ts imports fastify',
      'src/db/a.ts imports src/core/b.ts',
      'src/db/a.ts imports types of src/config.ts',
      'src/import/a.ts imports fastify',
      'src/import/a.ts imports src/core/users.ts',
      'src/limits/a.ts imports fastify',
      'src/limits/a.ts imports src/core/users.ts',
      'src/pages/a.ts imports fastify',
      'src/pages/a.ts imports src/core/users.ts',
      'src/schemas/a.ts imports node:crypto',
      'src/schemas/a.ts imports src/errors.ts'
    ]
  },
  {
    rule: 'no files import each other in a ring',
    check: importCycles,
    broken: {
      'src/a.ts': `import './b.ts'`,
      'src/b.ts': `import type { C } from './c.ts'`,
      'src/c.ts': `export * from './a.ts'`,
      'src/d.ts': `import './a.ts'`
    },
    said: ['src/a.ts -> src/b.ts -> src/c.ts -> src/a.ts']
  },
  {
    rule: 'every package that is imported is a dependency',
    check: undeclaredPackages,
    broken: {
      'src/a.ts': `import { t } from 'tap'\nimport '@scope/some/where'\nimport { Value } from 'typebox/value'`
    },
    said: ['src/a.ts imports @scope/some, which is no dependency', 'src/a.ts imports tap, which is no dependency']
  }
]
