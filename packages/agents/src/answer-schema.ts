import type { JsonObject } from '@flotilla/domain'
import { toJsonSchema } from '@valibot/to-json-schema'
import type * as v from 'valibot'

/**
 * A valibot schema as the JSON Schema that a model is asked to answer with. Schemas for models use plain types, unions and
 * nullable fields only: the providers' strict modes know no bounds, patterns or optional fields.
 */
export function answerSchema(schema: v.GenericSchema): JsonObject {
  const { $schema: _dialect, ...body } = toJsonSchema(schema, { errorMode: 'throw', typeMode: 'input' })
  return JSON.parse(JSON.stringify(body)) as JsonObject
}
