export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

export type Operation = {
  operationId: string
  summary: string
  tags: string[]
  parameters?: { in: string; name: string; required?: boolean; schema: Json }[]
  requestBody?: { required: boolean; content: Record<string, { schema: Json }> }
  responses: Record<string, { description: string; content?: Record<string, { schema: Json }> }>
}

export type OpenApiDocument = {
  openapi: string
  info: { title: string; version: string }
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Json> }
}

export type Place = Readonly<{ where: string; method: string; path: string; operation: Operation }>

export const operationsOf = (document: OpenApiDocument): Place[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ where: `${method} ${path}`, method, path, operation })),
  )

/** What is wrong with the structure of an OpenAPI 3.1 document, with its place; empty when nothing is. */
export function openApiFaults(document: OpenApiDocument): string[] {
  const ids = operationsOf(document).map(({ operation }) => operation.operationId)
  const repeated = ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `operationId ${id} is not unique`)
  return [
    ...repeated,
    ...operationsOf(document).flatMap(operationFaults),
    ...[...walk(document)].flatMap(([at, value]) =>
      schemaFaults(document, at, value).map((fault) => `${at}: ${fault}`),
    ),
  ]
}

const METHODS: ReadonlySet<string> = new Set(['get', 'put', 'post', 'delete', 'patch'])

function operationFaults({ where, method, path, operation }: Place): string[] {
  const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path')
  const declared = inPath.map((parameter) => parameter.name).join()
  const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).join()
  const faults = {
    'is no method': !METHODS.has(method),
    'says not what it does': operation.summary.length < 5 || operation.tags.length !== 1,
    [`declares ${declared}, its path names ${named}`]: declared !== named,
    'has an optional path parameter': inPath.some((parameter) => parameter.required !== true),
    'never succeeds': !Object.keys(operation.responses).some((status) => status.startsWith('2')),
    'has an answer without a description': Object.values(operation.responses).some(
      ({ description }) => description === '',
    ),
    'has a refusal that is no problem': Object.entries(operation.responses).some(
      ([status, { content = {} }]) =>
        Number(status) >= 400 && Object.keys(content).join() !== 'application/problem+json',
    ),
  }
  return Object.entries(faults).flatMap(([fault, found]) => (found ? [`${where} ${fault}`] : []))
}

function* walk(value: Json, at = '#'): Generator<[at: string, value: { [key: string]: Json }]> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield [at, value]
  for (const [key, child] of Object.entries(value)) yield* walk(child, `${at}/${key}`)
}

const TYPES: ReadonlySet<Json> = new Set(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'])

function schemaFaults(document: OpenApiDocument, at: string, value: { [key: string]: Json }): string[] {
  const faults: string[] = []
  if ('$defs' in value) faults.push('has definitions of its own')
  const reference = value['$ref']
  if (typeof reference === 'string' && !(reference.replace('#/components/schemas/', '') in document.components.schemas))
    faults.push(`refers to ${reference}, which is not there`)
  if (at.endsWith('/properties')) return faults
  if (typeof value['type'] === 'string' && at.includes('schema') && !TYPES.has(value['type']))
    faults.push(`has the unknown type ${value['type']}`)
  const properties = Object.keys(value['properties'] ?? {})
  if (Array.isArray(value['required']) && 'properties' in value)
    for (const name of value['required'])
      if (typeof name !== 'string' || !properties.includes(name))
        faults.push(`requires ${JSON.stringify(name)}, which it does not have`)
  return faults
}
