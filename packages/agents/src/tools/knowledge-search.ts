import * as v from 'valibot'
import type { SearchKnowledge } from '../brief.ts'
import { renderPassage } from '../context/render-passage.ts'
import { MAX_RESULT_CHARS } from './call-tool.ts'
import { defineTool, type Tool } from './tool.ts'

const DEFAULT_LIMIT = 8
const MAX_LIMIT = 20

const ArgumentsSchema = v.strictObject({
  query: v.pipe(
    v.string('expected text'),
    v.trim(),
    v.minLength(1, 'expected what to search for, found nothing'),
    v.maxLength(2_000, 'expected at most 2,000 characters'),
    v.description('What to look for: a question or the words that matter'),
  ),
  limit: v.optional(
    v.pipe(
      v.number('expected a number'),
      v.integer('expected a whole number'),
      v.minValue(1, `expected 1 to ${MAX_LIMIT}`),
      v.maxValue(MAX_LIMIT, `expected 1 to ${MAX_LIMIT}`),
      v.description(`How many passages at most; ${DEFAULT_LIMIT} when left out`),
    ),
    DEFAULT_LIMIT,
  ),
})

export const knowledgeSearchTool = (search: SearchKnowledge): Tool =>
  defineTool({
    name: 'knowledge_search',
    description:
      'Searches the documents of this run by words and by meaning. Answers passages with numbered lines, the best first, to be cited as [name:line].',
    parameters: ArgumentsSchema,
    retry: 'safe',
    timeoutMs: 30_000,
    needsDocuments: true,
    run: async ({ query, limit }) => {
      const passages = await search(query, limit)
      if (passages.length === 0)
        return { ok: true, text: '<passages>\n</passages>\nNothing in the documents fits this query.' }
      const kept: string[] = []
      let room = MAX_RESULT_CHARS - 200
      for (const text of passages.map(renderPassage)) {
        if (text.length > room) continue
        room -= text.length + 1
        kept.push(text)
      }
      const missing = passages.length - kept.length
      const note = missing === 0 ? '' : `\n${missing} more did not fit: search more narrowly, or read the document.`
      return { ok: true, text: `<passages>\n${kept.join('\n')}\n</passages>${note}` }
    },
  })
