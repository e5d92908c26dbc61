import * as v from 'valibot'

/**
 * A piece of a document that a search found. Lines count from 1 and include both ends; `start` and `end` are offsets in
 * characters of the document's content, and `text` is exactly what stands there. `score` orders one search's results.
 */
export const PassageSchema = v.pipe(
  v.object({
    document: v.string(),
    startLine: v.number(),
    endLine: v.number(),
    start: v.number(),
    end: v.number(),
    text: v.string(),
    score: v.number(),
  }),
  v.metadata({ ref: 'Passage' }),
)
export type Passage = Readonly<v.InferOutput<typeof PassageSchema>>
