import type { Violation } from '../history/history.ts'
import { UNSAFE_TOOLS, type EffectLine } from './effect-journal.ts'

/** How often a person has decided that the call with this effect id is to be made once more. */
export type Repeats = ReadonlyMap<string, number>

/**
 * An unsafe effect stands in the journal once, and once more for each time that somebody has said so: a person, or the
 * system outside, which was asked and answered that it had not happened.
 */
export function checkEffects(lines: readonly EffectLine[], repeats: Repeats): Violation[] {
  const denials = Map.groupBy(
    lines.filter(({ kind }) => kind === 'told_not_happened'),
    ({ effectId }) => effectId.replace(/^asked /, ''),
  )
  const effects = Map.groupBy(
    lines.filter(({ kind, tool }) => kind === 'effect' && UNSAFE_TOOLS.has(tool)),
    ({ effectId }) => effectId,
  )
  return [...effects].flatMap(([effectId, same]) => {
    const allowed = 1 + (repeats.get(effectId) ?? 0) + (denials.get(effectId)?.length ?? 0)
    if (same.length <= allowed) return []
    const [first] = same
    return [
      {
        kind: 'effect_twice' as const,
        run: '',
        detail: `${first?.tool} ${effectId} (${first?.what}) took effect ${same.length} times; ${allowed} were allowed`,
      },
    ]
  })
}
