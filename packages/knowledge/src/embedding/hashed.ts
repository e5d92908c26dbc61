import type { EmbeddingProvider } from './provider.ts'
import { normalize } from './vector.ts'

const DIMENSIONS = 256
const UNSPACED = /([\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]+)/u
const IS_UNSPACED = /^[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]/u
/** Texts between two turns of the event loop. */
const STRIDE = 64
/** Characters of an n-gram. */
const GRAMS = [3, 4]
/** Words this short are mostly grammar. */
const SHORT = 3
const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/**
 * Words and pieces of words, hashed: close means "written alike". Of no language, without a model, and a thousand times as
 * fast; it finds inflected and misspelt words, and text in scripts that full-text search does not cut into words.
 */
export const createHashedEmbeddings = (): EmbeddingProvider => ({
  name: 'hashed-grams-1',
  dimensions: DIMENSIONS,
  async embed(texts) {
    const vectors: Float32Array[] = []
    for (const text of texts) {
      vectors.push(hashedVector(text))
      if (vectors.length % STRIDE === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    return vectors
  },
  close: () => Promise.resolve(),
})

function hashedVector(text: string): Float32Array {
  const counts = new Map<string, number>()
  for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1)
  const vector = new Float32Array(DIMENSIONS)
  for (const [word, count] of counts) addWord(vector, word, (word.length > SHORT ? 1 : 0.3) * (1 + Math.log(count)))
  return normalize(vector)
}

/** Lower case without accents; runs of scripts without spaces fall apart into pairs of characters. */
function* wordsOf(text: string): Generator<string> {
  const plain = text
    .normalize('NFKD')
    .replaceAll(/\p{Mn}/gu, '')
    .normalize('NFC')
    .toLowerCase()
  for (const [run] of plain.matchAll(/[\p{L}\p{N}]+/gu))
    for (const part of run.split(UNSPACED).filter(Boolean)) {
      if (!IS_UNSPACED.test(part)) yield part
      else for (let at = 0; at < Math.max(1, part.length - 1); at++) yield `${part.slice(at, at + 2)}__`
    }
}

/** The whole word weighs as much as all its pieces together. */
function addWord(vector: Float32Array, word: string, weight: number): void {
  const padded = `<${word}>`
  add(vector, hash(padded, 0, padded.length), weight)
  const pieces = GRAMS.reduce((sum, size) => sum + Math.max(0, padded.length - size + 1), 0)
  for (const size of GRAMS)
    for (let at = 0; at + size <= padded.length; at++)
      add(vector, hash(padded, at, at + size), weight / Math.sqrt(pieces))
}

/** One bit of the hash is the sign, so that what falls together cancels out on average. */
function add(vector: Float32Array, code: number, weight: number): void {
  const at = code % DIMENSIONS
  vector[at] = (vector[at] ?? 0) + (code & 0x10000 ? weight : -weight)
}

function hash(text: string, from: number, to: number): number {
  let code = FNV_OFFSET
  for (let at = from; at < to; at++) code = Math.imul(code ^ text.charCodeAt(at), FNV_PRIME)
  code ^= code >>> 15
  return Math.imul(code, 0x2c1b3c6d) >>> 0
}
