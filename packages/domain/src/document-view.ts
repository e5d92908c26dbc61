import * as v from 'valibot'

/** A document of a run, without its content. `mediaType` null: text, whose `lines` are counted; `pages` of a PDF, if known. */
export const DocumentViewSchema = v.pipe(
  v.object({
    name: v.string(),
    mediaType: v.nullable(v.string()),
    sizeBytes: v.number(),
    lines: v.nullable(v.number()),
    pages: v.nullable(v.number()),
    sha256: v.string(),
  }),
  v.metadata({ ref: 'RunDocument' }),
)
export type DocumentView = Readonly<v.InferOutput<typeof DocumentViewSchema>>
