import { readFile, writeFile } from 'node:fs/promises'

/** What the system outside saw: an effect, or that it was asked for one and what it said. */
export type EffectLine = Readonly<{
  kind: 'effect' | 'told_happened' | 'told_not_happened'
  tool: string
  /** After `asked ` where it is a question. */
  effectId: string
  what: string
  at: number
}>

export const EFFECT_TOOLS = ['look', 'put', 'pay', 'send'] as const
export const UNSAFE_TOOLS: ReadonlySet<string> = new Set(['pay', 'send'])

/** What a call of a plan's task says that it is for: in a conversation it tells the call apart. */
export const whatOf = (plan: number, key: string, turn: number): string => `plan ${plan}, ${key}, page ${turn}`

export const openEffects = (file: string): Promise<void> => writeFile(file, '')

/** A line that a killed worker has begun and not ended is no effect. */
export async function readEffects(file: string): Promise<EffectLine[]> {
  const lines = (await readFile(file, 'utf8')).split('\n')
  return lines.flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as EffectLine]
    } catch {
      return []
    }
  })
}
