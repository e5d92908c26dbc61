import type { JsonObject } from '@flotilla/domain'
import type * as v from 'valibot'

/** A conversion that is done once for each schema: what it makes goes with every call or attempt. */
export function oncePerSchema(
  convert: (schema: v.GenericSchema) => JsonObject,
): (schema: v.GenericSchema) => JsonObject {
  const converted = new WeakMap<v.GenericSchema, JsonObject>()
  return (schema) => {
    const known = converted.get(schema) ?? convert(schema)
    converted.set(schema, known)
    return known
  }
}
