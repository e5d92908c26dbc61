import * as v from 'valibot'
import type { ReadDocument, ShownDocument } from '../brief.ts'
import { renderPassage } from '../context/render-passage.ts'
import { MAX_RESULT_CHARS } from './call-tool.ts'
import { defineTool, type Tool, type ToolOutcome } from './tool.ts'

const line = (what: string) =>
  v.optional(
    v.pipe(
      v.number('expected a line number'),
      v.integer('expected a whole number'),
      v.minValue(1, 'lines count from 1'),
      v.description(what),
    ),
  )

const ArgumentsSchema = v.strictObject({
  name: v.pipe(
    v.string('expected the name of a document'),
    v.minLength(1, 'expected the name of a document'),
    v.description('The name as given in <documents>'),
  ),
  startLine: line('First line to read; 1 when left out'),
  endLine: line('Last line to read; as far as fits when left out'),
})

export const readDocumentTool = (read: ReadDocument, names: readonly string[]): Tool =>
  defineTool({
    name: 'read_document',
    description: 'Reads a document of this run, or some of its lines, with numbered lines to be cited as [name:line].',
    parameters: ArgumentsSchema,
    retry: 'safe',
    timeoutMs: 30_000,
    needsDocuments: true,
    run: async ({ name, startLine = 1, endLine }) => {
      const content = await read(name)
      if (content === null) return { ok: false, text: unknownDocument(name, names) }
      if (typeof content !== 'string') return { ok: false, text: describeShown(name, content) }
      return readLines(name, content.replace(/\n$/, '').split('\n'), startLine, endLine)
    },
  })

const describeShown = (name: string, { mediaType }: ShownDocument): string =>
  `"${name}" is of the type ${mediaType}: it is shown at the beginning of this conversation, and has no lines to read.`

function unknownDocument(name: string, names: readonly string[]): string {
  const listed = names.slice(0, 20).join(', ')
  return `No document is named "${name}". The run has: ${listed}${names.length > 20 ? ` and ${names.length - 20} more` : ''}.`
}

function readLines(
  name: string,
  lines: readonly string[],
  startLine: number,
  endLine: number | undefined,
): ToolOutcome {
  const last = Math.min(endLine ?? lines.length, lines.length)
  if (startLine > lines.length)
    return { ok: false, text: `"${name}" has ${lines.length} lines; line ${startLine} is beyond its end.` }
  if (last < startLine) return { ok: false, text: `endLine ${last} is before startLine ${startLine}.` }
  const end = lastLineThatFits(lines, startLine, last)
  const text = lines.slice(startLine - 1, end).join('\n')
  const passage = renderPassage({ document: name, startLine, endLine: end, text })
  const note = end < last ? `\nLines ${end + 1} to ${last} did not fit: read on with startLine ${end + 1}.` : ''
  return { ok: true, text: `${passage}\n"${name}" has ${lines.length} lines.${note}` }
}

/** Escapes make a text longer, so some room is left for them; one line is given always. */
function lastLineThatFits(lines: readonly string[], startLine: number, last: number): number {
  let room = MAX_RESULT_CHARS * 0.8
  for (let n = startLine; n <= last; n++) {
    room -= (lines[n - 1]?.length ?? 0) + 8
    if (room < 0 && n > startLine) return n - 1
  }
  return last
}
