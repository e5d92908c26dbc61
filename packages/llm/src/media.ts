import type { DocumentPart, MediaPart, Message, ModelProvider, ModelRequest, UserPart } from './port.ts'
import { readsImages } from './model-abilities.ts'

const IMAGE_TYPES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])
const DOCUMENT_TYPES: ReadonlySet<string> = new Set(['application/pdf', 'text/plain'])
/** Anthropic's limit of a request; OpenAI's of all files is 50 MB. Base64 counts as it is sent. */
const MAX_BYTES = 32 * 1024 * 1024

const mediaOf = (messages: readonly Message[]): MediaPart[] =>
  messages.flatMap(({ role, content }) =>
    role === 'user' ? content.filter((part) => part.type === 'image' || part.type === 'document') : [],
  )

/**
 * The request for a model that reads text alone: documents of plain text as text, and the first part that cannot be
 * read so, by name.
 */
export function textOnly(request: ModelRequest): { request: ModelRequest; unreadable?: string } {
  let unreadable: string | undefined
  const read = (part: UserPart): UserPart => {
    if (part.type !== 'image' && part.type !== 'document') return part
    if (part.type === 'document' && part.mediaType === 'text/plain')
      return { type: 'text', text: `${part.name}:\n\n${documentText(part)}` }
    unreadable ??= part.type === 'image' ? 'images' : `documents of the type ${part.mediaType}`
    return part
  }
  const messages = request.messages.map((message) =>
    message.role === 'user' ? { ...message, content: message.content.map(read) } : message,
  )
  return { request: { ...request, messages }, ...(unreadable !== undefined && { unreadable }) }
}

/** What of a request a model is known not to read, in the plural; undefined where it may be asked. */
export function unreadBy(provider: Pick<ModelProvider, 'textOnly'>, request: ModelRequest): string | undefined {
  if (!provider.textOnly && readsImages(request.model)) return undefined
  const shown = mediaOf(request.messages).find(isShown)
  return shown && (shown.type === 'image' ? 'images' : 'PDFs')
}

export const showsMedia = ({ messages }: ModelRequest): boolean => mediaOf(messages).some(isShown)

/** A page of a PDF is shown as an image. */
const isShown = (part: MediaPart): boolean => part.type === 'image' || part.mediaType !== 'text/plain'

export const mediaData = (part: MediaPart): string => ('data' in part.source ? part.source.data : '')

export const documentText = (part: DocumentPart): string => Buffer.from(mediaData(part), 'base64').toString('utf8')

/** What of a request's images and documents no provider or this model can read, for people; undefined when all is well. */
export function mediaProblem(request: ModelRequest): string | undefined {
  let bytes = 0
  for (const part of mediaOf(request.messages)) {
    const problem = partProblem(part, request.model)
    if (problem !== undefined) return problem
    bytes += mediaData(part).length
  }
  if (bytes <= MAX_BYTES) return undefined
  return `was not called: its images and documents have ${Math.ceil(bytes / 1024 / 1024)} MB, and 32 MB is the most`
}

function partProblem(part: MediaPart, model: string): string | undefined {
  const what = part.type === 'image' ? 'an image' : `the document "${part.name}"`
  const readable = part.type === 'image' ? IMAGE_TYPES : DOCUMENT_TYPES
  if (!readable.has(part.mediaType)) {
    return `was not called: ${what} of the type ${part.mediaType} cannot be read, only ${[...readable].join(', ')}`
  }
  if (isShown(part) && !readsImages(model)) return 'was not called: the model reads no images'
  if ('ref' in part.source) return `was not called: ${what} was not loaded (${part.source.ref})`
  return part.source.data === '' ? `was not called: ${what} is empty` : undefined
}

/**
 * The messages with the data of all references in its place. `load` gives base64, or null for what is gone; the call
 * then fails for it.
 */
export async function loadMedia(
  messages: readonly Message[],
  load: (ref: string) => Promise<string | null>,
): Promise<Message[]> {
  return Promise.all(
    messages.map(async (message) => {
      if (message.role !== 'user') return message
      return { ...message, content: await Promise.all(message.content.map((part) => loaded(part, load))) }
    }),
  )
}

async function loaded<Part extends { type: string }>(
  part: Part,
  load: (ref: string) => Promise<string | null>,
): Promise<Part> {
  if (!('source' in part)) return part
  const source = part.source as MediaPart['source']
  const data = 'ref' in source ? await load(source.ref) : null
  return data === null ? part : { ...part, source: { data } }
}

/** The most that a provider counts for an image: 4,784 at Anthropic, less at OpenAI at the detail that is asked for. */
const IMAGE_TOKENS = 5000
/** A page counts as its text, up to 3,000 tokens, and as an image. */
const PAGE_TOKENS = 3000 + IMAGE_TOKENS
const MOST_PAGES = 600
/** A page of a PDF is seldom smaller; for files whose pages cannot be counted. */
const PAGE_BYTES = 4000

/** Tokens of an image or a PDF as a provider may count them at most; plain text is counted as such elsewhere. */
export function mediaTokens(part: MediaPart): number {
  return part.type === 'image' ? IMAGE_TOKENS : pagesOf(part) * PAGE_TOKENS
}

function pagesOf(part: DocumentPart): number {
  if (part.pages !== undefined) return part.pages
  const data = mediaData(part)
  if (data === '') return MOST_PAGES
  return pdfPages(Buffer.from(data, 'base64'))
}

/** Pages of a PDF: as many as it names, or may have at most where they are packed away. */
export function pdfPages(bytes: Buffer): number {
  const named = bytes.toString('latin1').match(/\/Type\s*\/Page(?![a-zA-Z])/g)?.length ?? 0
  return Math.min(MOST_PAGES, named > 0 ? named : Math.ceil(bytes.length / PAGE_BYTES))
}
