import { createRequire } from 'node:module'
import { documentText, mediaTokens } from './media.ts'
import type { ModelRequest, ReplyPart, UserPart } from './port.ts'

type Tokenizer = {
  countTokens(text: string, options: { disallowedSpecial: Set<string> }): number
  setMergeCacheSize(size: number): void
}

const require = createRequire(import.meta.url)
let tokenizer: Tokenizer | undefined

/**
 * The o200k_base encoding costs about 170 ms and 80 MB to load: nobody pays that who counts nothing. Loaded by `require`,
 * since counting is synchronous. The merge cache is kept small: its default of 100,000 words grows to another 150 MB.
 */
export function loadTokenizer(): Tokenizer {
  if (tokenizer) return tokenizer
  const loaded = require('gpt-tokenizer/encoding/o200k_base') as Tokenizer
  loaded.setMergeCacheSize(10_000)
  tokenizer = loaded
  return loaded
}

/** Texts up to this length are counted; longer ones are estimated from evenly spread samples of this length in all. */
const EXACT_CHARS = 65_536
const SAMPLES = 32

/**
 * Merging is quadratic in the length of one word, and 64,000 characters without a space take seconds (11 s of Chinese).
 * So does a run of line feeds. A run longer than this is cut into pieces, which counts at most one token a piece too
 * many.
 */
const MAX_RUN = 128
const LONG_RUN = new RegExp(`\\S{${MAX_RUN}}|\\s{${MAX_RUN}}`, 'gu')

/** Without this a text that quotes `<|endoftext|>` throws. */
const AS_PLAIN_TEXT = { disallowedSpecial: new Set<string>() }

function countExactly(text: string): number {
  const encoding = loadTokenizer()
  const count = (piece: string): number => encoding.countTokens(piece, AS_PLAIN_TEXT)
  let total = 0
  let from = 0
  for (const run of text.matchAll(LONG_RUN)) {
    const end = run.index + run[0].length
    total += count(text.slice(from, end))
    from = end
  }
  return total + count(text.slice(from))
}

function estimateBySampling(text: string): number {
  const size = EXACT_CHARS / SAMPLES
  const stride = (text.length - size) / (SAMPLES - 1)
  let sampled = 0
  for (let index = 0; index < SAMPLES; index += 1) {
    const start = Math.floor(index * stride)
    sampled += countExactly(text.slice(start, start + size))
  }
  return Math.ceil((sampled * text.length) / EXACT_CHARS)
}

/** What was counted last, in the order of its counting: prompts, goals and documents come again with each task of a run. */
const counted = new Map<string, number>()
const MOST_CHARS = 4 * 1024 * 1024
let keptChars = 0

function remember(text: string, tokens: number): void {
  counted.set(text, tokens)
  keptChars += text.length
  for (const oldest of counted.keys()) {
    if (keptChars <= MOST_CHARS) return
    counted.delete(oldest)
    keptChars -= oldest.length
  }
}

/** Tokens of a text in o200k_base: exact up to 64 Ki characters, an estimate by sampling above. */
export function countTokens(text: string): number {
  if (text.length === 0) return 0
  if (text.length > EXACT_CHARS) return estimateBySampling(text)
  const known = counted.get(text)
  if (known !== undefined) return known
  const tokens = countExactly(text)
  remember(text, tokens)
  return tokens
}

/** A cheap upper-side guess without the tokenizer, for calls that failed half-way and for made-up replies. */
export const roughTokens = (text: string): number => Math.ceil(Buffer.byteLength(text) / 3)

/** What the wire format adds around a message or a tool, as the providers document it, rounded up. */
const MESSAGE_OVERHEAD = 6
const TOOL_OVERHEAD = 12
const REQUEST_OVERHEAD = 12

/** The texts that a model reads, as they are sent. */
function* requestTexts(request: ModelRequest): Generator<{ text: string; overhead: number }> {
  yield { text: request.system, overhead: REQUEST_OVERHEAD }
  for (const tool of request.tools ?? []) yield { text: JSON.stringify(tool), overhead: TOOL_OVERHEAD }
  if (request.responseSchema) yield { text: JSON.stringify(request.responseSchema), overhead: TOOL_OVERHEAD }
  for (const message of request.messages) {
    for (const part of message.content) yield { text: partText(part), overhead: MESSAGE_OVERHEAD + partTokens(part) }
  }
}

/** Of what is no text. */
const partTokens = (part: ReplyPart | UserPart): number =>
  part.type === 'image' || (part.type === 'document' && part.mediaType !== 'text/plain') ? mediaTokens(part) : 0

function partText(part: ReplyPart | UserPart): string {
  switch (part.type) {
    case 'text':
      return part.text
    case 'tool_call':
      return `${part.name} ${JSON.stringify(part.arguments)}`
    case 'tool_result':
      return part.content
    case 'reasoning':
      return JSON.stringify(part.payload)
    case 'image':
      return ''
    case 'document':
      return part.mediaType === 'text/plain' ? documentText(part) : part.name
  }
}

/**
 * Claude's tokenizers make more tokens of the same text than o200k_base: about 1.15 times up to Claude 4.6 and up to
 * 1.35 times that since. A reservation made with less could let the spend pass its budget.
 */
function tokenScale(model: string): number {
  if (!model.startsWith('claude')) return 1
  return /^claude-(3|(opus|sonnet|haiku)-4(-[0-6])?(-\d{8})?$)/.test(model) ? 1.2 : 1.55
}

/** Tokens of a whole request as the provider will count them, on the high side: the base of a budget reservation. */
export function countRequestTokens(request: ModelRequest): number {
  let total = 0
  for (const { text, overhead } of requestTexts(request)) total += countTokens(text) + overhead
  return Math.ceil(total * tokenScale(request.model))
}

/** As `countRequestTokens`, without loading the tokenizer. */
export function roughRequestTokens(request: ModelRequest): number {
  let total = 0
  for (const { text, overhead } of requestTexts(request)) total += roughTokens(text) + overhead
  return total
}
