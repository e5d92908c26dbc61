import { createHash } from 'node:crypto'
import { tokensOf, type Asked } from './protocol.ts'

const LIVES_MS = 300_000
/** How many blocks before a breakpoint Anthropic looks for what an earlier call wrote. */
const LOOK_BACK = 20

export type CacheUse = Readonly<{ input: number; cached: number; written: number }>

export interface PromptCache {
  /** What a prompt finds, and would write: `keep` writes it, which providers do when an answer begins. */
  look(asked: Asked, key: string, now: number): CacheUse & Readonly<{ keep(now: number): void }>
}

/** Prompts cached by what stands before their breakpoints, word for word, from `leastTokens` on. */
export function createPromptCache(leastTokens: number): PromptCache {
  const kept = new Map<string, number>()
  return {
    look: (asked, key, now) => {
      const prefixes = prefixesOf(asked, key)
      const ends = prefixes.flatMap(({ breakpoint, tokens }, n) => (breakpoint && tokens >= leastTokens ? [n] : []))
      const alive = (n: number): boolean => (kept.get(prefixes[n]?.digest ?? '') ?? 0) > now
      const reach = asked.protocol === 'anthropic' ? LOOK_BACK : 0
      const hits = ends.flatMap((end) => Array.from({ length: reach + 1 }, (_, back) => end - back)).filter(alive)
      const total = prefixes.at(-1)?.tokens ?? 0
      const cached = Math.max(0, ...hits.map((n) => prefixes[n]?.tokens ?? 0))
      const cacheable = Math.max(cached, ...ends.map((n) => prefixes[n]?.tokens ?? 0))
      return {
        cached,
        written: cacheable - cached,
        input: total - cacheable,
        keep: (at) => {
          for (const n of ends) kept.set(prefixes[n]?.digest ?? '', at + LIVES_MS)
        },
      }
    },
  }
}

type Prefix = Readonly<{ digest: string; tokens: number; breakpoint: boolean }>

function prefixesOf({ model, blocks }: Asked, key: string): Prefix[] {
  const hash = createHash('sha256').update(`${key}\n${model}\n`)
  let tokens = 0
  return blocks.map(({ text, breakpoint }) => {
    tokens += tokensOf(text)
    return { digest: hash.update(text).update('\n').copy().digest('base64'), tokens, breakpoint }
  })
}
