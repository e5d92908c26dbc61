import type { JsonObject } from '@flotilla/domain'
import { toJsonSchema } from '@valibot/to-json-schema'
import { oncePerSchema } from './once-per-schema.ts'

/**
 * A valibot schema as the JSON Schema that a model is asked to answer with. Schemas for models use plain types, unions and
 * nullable fields only: the providers' strict modes know no bounds, patterns or optional fields.
 */
export const answerSchema = oncePerSchema((schema) => {
  const { $schema: _dialect, ...body } = toJsonSchema(schema, { errorMode: 'throw', typeMode: 'input' })
  return JSON.parse(JSON.stringify(body)) as JsonObject
})
