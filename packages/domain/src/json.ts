import * as v from 'valibot'

/** Plain JSON, the only thing that is ever stored or sent. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

export const JsonSchema: v.GenericSchema<Json> = v.lazy(() =>
  v.union([
    v.string(),
    v.pipe(v.number(), v.finite()),
    v.boolean(),
    v.null(),
    v.array(JsonSchema),
    v.record(v.string(), JsonSchema),
  ]),
)

export const JsonObjectSchema: v.GenericSchema<JsonObject> = v.record(v.string(), JsonSchema)
