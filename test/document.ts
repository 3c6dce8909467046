import type { FastifyInstance } from 'fastify'
import type { ErrorCode } from '../src/errors.ts'

export const PROBLEM = 'application/problem+json'
export const FORM = 'application/x-www-form-urlencoded'

/** A JSON Schema, as far as the tests look into it. */
export interface Schema {
  $ref?: string
  title?: string
  examples?: unknown[]
}

export interface Media {
  schema: Schema
  example?: unknown
  examples?: Record<string, { value: unknown }>
}

export interface Answer {
  description: string
  headers?: Record<string, { description: string; schema: Schema }>
  content?: Record<string, Media>
}

export interface Operation {
  path: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  operationId: string
  summary: string
  description: string
  tags: string[]
  security?: object[]
  parameters?: Array<{ name: string; in: string; description: string; schema: Schema }>
  requestBody?: { required: boolean; content: Record<string, Media> }
  responses: Record<string, Answer>
}

export interface Document {
  openapi: string
  info: { title: string; version: string; description: string }
  tags: Array<{ name: string; description: string }>
  security: object[]
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, object> }
  paths: Record<string, Record<string, Omit<Operation, 'path' | 'method'>>>
}

/** The OpenAPI document as clients get it. */
export async function documentOf(app: FastifyInstance, prefix = ''): Promise<Document> {
  return (await app.inject(`${prefix}/docs/json`)).json()
}

/** All operations of a document, each with its place. */
export const operationsOf = (document: Document): Operation[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      ...operation,
      path,
      method: method.toUpperCase() as Operation['method']
    }))
  )

/** Whether an operation is for registered clients, and speaks as OAuth does. */
export const isForClients = ({ security }: Pick<Operation, 'security'>): boolean =>
  security?.some(one => 'client' in one) ?? false

/** Whether an operation is for clients of Django SimpleJWT, and speaks as Django REST framework does. */
export const isForDjango = ({ tags }: Pick<Operation, 'tags'>): boolean => tags.includes('django')

/** The examples that stand beside a schema. */
export const examplesOf = ({ example, examples = {} }: Media): unknown[] => [
  ...(example === undefined ? [] : [example]),
  ...Object.values(examples).map(({ value }) => value)
]

/** The same schema without references. Throws when one leads nowhere. */
export function resolved<Node>(document: Document, node: Node): Node {
  if (node === null || typeof node !== 'object') return node
  if (Array.isArray(node)) return node.map(part => resolved(document, part)) as Node
  if (!('$ref' in node)) {
    return Object.fromEntries(Object.entries(node).map(([key, part]) => [key, resolved(document, part)])) as Node
  }
  const name = /^#\/components\/schemas\/(\w+)$/.exec(`${node.$ref}`)?.[1] ?? ''
  const target = document.components.schemas[name]
  if (!target) throw new Error(`${node.$ref} leads nowhere`)
  return resolved(document, target) as Node
}

/** An error body. */
export interface Problem {
  code: ErrorCode
  status: number
  detail: string
  errors?: Record<string, string[]>
}

/** The examples of all error responses of an operation. */
export const problemsOf = ({ responses }: Pick<Operation, 'responses'>): Problem[] =>
  Object.values(responses).flatMap(({ content }) =>
    content?.[PROBLEM] ? examplesOf(content[PROBLEM]) : []
  ) as Problem[]
