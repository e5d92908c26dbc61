import type { Json, JsonObject } from '@flotilla/domain'
import { quoted } from './compose.ts'
import { quantitiesIn } from './quantities.ts'
import { queryOf, rankStatements, rarityOf } from './rank.ts'
import type { Statement } from './statements.ts'
import { contentStems } from './words.ts'

const MAX_DEPTH = 8
const ITEMS = 5

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * A value of a JSON Schema, filled from statements: each text and figure from those that fit the names of the properties
 * above it and their descriptions best. Understands the common keywords; a schema beyond them gets what its type allows.
 */
export function fillSchema(schema: JsonObject, statements: readonly Statement[], hint: string): Json {
  return fill(schema, { root: schema, statements, path: [hint], depth: 0 })
}

type Place = Readonly<{ root: JsonObject; statements: readonly Statement[]; path: readonly string[]; depth: number }>

function fill(schema: Json | undefined, place: Place): Json {
  const resolved = resolve(schema, place.root)
  if (!isObject(resolved) || place.depth > MAX_DEPTH) return null
  if (resolved['const'] !== undefined) return resolved['const']
  if (Array.isArray(resolved['enum'])) return fromEnum(resolved['enum'], place)
  for (const keyword of ['anyOf', 'oneOf', 'allOf']) {
    const options = resolved[keyword]
    if (Array.isArray(options))
      return fill(keyword === 'allOf' ? merged(options) : firstUseful(options), { ...place, depth: place.depth + 1 })
  }
  return byType(resolved, place)
}

const firstUseful = (options: readonly Json[]): Json | undefined =>
  options.find((option) => isObject(option) && option['type'] !== 'null') ?? options[0]

const merged = (parts: readonly Json[]): JsonObject => {
  const objects = parts.filter(isObject)
  const properties = Object.assign(
    {},
    ...objects.map((part) => (isObject(part['properties']) ? part['properties'] : {})),
  ) as JsonObject
  const required = objects.flatMap((part) => (Array.isArray(part['required']) ? part['required'] : []))
  return { ...(Object.assign({}, ...objects) as JsonObject), properties, required }
}

function resolve(schema: Json | undefined, root: JsonObject): Json | undefined {
  const reference = isObject(schema) ? schema['$ref'] : undefined
  if (typeof reference !== 'string' || !reference.startsWith('#/')) return schema
  let found: Json | undefined = root
  for (const step of reference.slice(2).split('/')) found = isObject(found) ? found[step] : undefined
  return found
}

function byType(schema: JsonObject, place: Place): Json {
  const declared = schema['type']
  const type = Array.isArray(declared) ? declared.find((name) => name !== 'null') : declared
  switch (type ?? (schema['properties'] === undefined ? 'string' : 'object')) {
    case 'object':
      return fillObject(schema, place)
    case 'array':
      return fillArray(schema, place)
    case 'integer':
      return Math.round(figureFor(schema, place))
    case 'number':
      return figureFor(schema, place)
    case 'boolean':
      return place.statements.length > 0
    case 'null':
      return null
    default:
      return textFor(schema, place)
  }
}

function fillObject(schema: JsonObject, place: Place): JsonObject {
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      const described = isObject(property) && typeof property['description'] === 'string' ? property['description'] : ''
      return [name, fill(property, { ...place, path: [...place.path, name, described], depth: place.depth + 1 })]
    }),
  )
}

/** Each item is filled from its own statement, so that the items differ. */
function fillArray(schema: JsonObject, place: Place): Json[] {
  const least = typeof schema['minItems'] === 'number' ? schema['minItems'] : 0
  const most = typeof schema['maxItems'] === 'number' ? schema['maxItems'] : ITEMS
  const best = fitting(place)
  const count = Math.max(least, Math.min(most, ITEMS, best.length))
  return Array.from({ length: count }, (_, i) => {
    const own = best[i]
    return fill(schema['items'], { ...place, statements: own ? [own] : place.statements, depth: place.depth + 1 })
  })
}

/** Statements by their fitness to the names on the way here, those that fit nothing at the end. */
function fitting({ statements, path }: Place): Statement[] {
  const words = path
    .join(' ')
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
  const ranked = rankStatements(statements, queryOf(contentStems(words)), rarityOf(statements)).map(
    ({ statement }) => statement,
  )
  return [...ranked, ...statements.filter((statement) => !ranked.includes(statement))]
}

const bounded = (value: number, schema: JsonObject): number => {
  const least = typeof schema['minimum'] === 'number' ? schema['minimum'] : -Infinity
  const most = typeof schema['maximum'] === 'number' ? schema['maximum'] : Infinity
  return Math.min(most, Math.max(least, value))
}

function figureFor(schema: JsonObject, place: Place): number {
  const figures = fitting(place).flatMap(
    ({ text }) => /\d[\d,]*(?:\.\d+)?/.exec(text)?.[0] ?? quantitiesIn(text).map(({ value }) => String(value)),
  )
  return bounded(Number((figures[0] ?? '0').replaceAll(',', '')), schema)
}

function textFor(schema: JsonObject, place: Place): string {
  const [best] = fitting(place)
  const most = typeof schema['maxLength'] === 'number' ? schema['maxLength'] : Infinity
  const least = typeof schema['minLength'] === 'number' ? schema['minLength'] : 0
  const text = best ? quoted(best) : 'Not known: nothing was given to answer from (simulated by the offline model).'
  return text.slice(0, most).padEnd(least, '.')
}

/** The value whose words stand in the best statement, else the first. */
function fromEnum(values: readonly Json[], place: Place): Json {
  const [best] = fitting(place)
  const named = values.find(
    (value) => typeof value === 'string' && best?.text.toLowerCase().includes(value.toLowerCase()),
  )
  return named ?? values[0] ?? null
}
