import * as v from 'valibot'
import { defineTool, type Tool } from './tool.ts'

export type ArtifactToSave = Readonly<{ name: string; mediaType: string; content: string; effectId: string }>
/** Saves or replaces; the same effect id may come twice. A refusal says why, in words for the model. */
export type SaveArtifact = (
  artifact: ArtifactToSave,
) => Promise<Readonly<{ ok: true } | { ok: false; message: string }>>

const MAX_CONTENT_CHARS = 1_000_000

const ArgumentsSchema = v.strictObject({
  name: v.pipe(
    v.string('expected a file name'),
    v.regex(
      /^(?!\.{1,2}$)[^\p{Cc}/\\]{1,200}$/u,
      'expected a file name such as "report.md": 1 to 200 characters, no "/" or "\\"',
    ),
    v.description('File name, such as "report.md"'),
  ),
  mediaType: v.optional(
    v.pipe(
      v.string('expected a media type'),
      v.regex(/^[\w.+-]{1,60}\/[\w.+-]{1,60}(;\s*charset=[\w-]+)?$/, 'expected a media type such as "text/markdown"'),
      v.description('Told by the name when left out'),
    ),
  ),
  content: v.pipe(
    v.string('expected the content as text'),
    v.minLength(1, 'expected the content, found an empty text'),
    v.maxLength(MAX_CONTENT_CHARS, 'expected at most 1,000,000 characters'),
    v.description('The whole content'),
  ),
})

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  md: 'text/markdown',
  txt: 'text/plain',
  json: 'application/json',
  csv: 'text/csv',
  html: 'text/html',
  yaml: 'application/yaml',
  yml: 'application/yaml',
}

export const mediaTypeOf = (name: string): string =>
  MEDIA_TYPES[/\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ''] ?? 'text/plain'

export const writeArtifactTool = (save: SaveArtifact): Tool =>
  defineTool({
    name: 'write_artifact',
    description: 'Saves a deliverable of this task as a file. Writing the same name again replaces it.',
    parameters: ArgumentsSchema,
    retry: 'idempotent',
    timeoutMs: 30_000,
    artifacts: ({ name }) => [name],
    run: async ({ name, mediaType = mediaTypeOf(name), content }, { effectId }) => {
      const saved = await save({ name, mediaType, content, effectId })
      if (!saved.ok) return { ok: false, text: saved.message }
      return { ok: true, text: `Saved "${name}" (${mediaType}, ${Buffer.byteLength(content)} bytes).` }
    },
  })
