import * as v from 'valibot'

export const RETRY_CLASSES = ['safe', 'idempotent', 'unsafe'] as const

/**
 * A tool that agents and tasks may be given. `builtin` or one of `FLOTILLA_TOOLS` (`own`); `retry`: what may be done where nobody
 * knows whether a call happened; `needsDocuments`: it is not offered in a run without documents.
 */
export const ToolViewSchema = v.pipe(
  v.object({
    name: v.string(),
    description: v.string(),
    origin: v.picklist(['builtin', 'own']),
    retry: v.picklist(RETRY_CLASSES),
    needsDocuments: v.boolean(),
  }),
  v.metadata({ ref: 'Tool' }),
)
export type ToolView = Readonly<v.InferOutput<typeof ToolViewSchema>>
