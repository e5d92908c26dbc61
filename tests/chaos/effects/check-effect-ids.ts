import type { Violation } from '../history/history.ts'
import type { EffectLine } from './effect-journal.ts'

/** A call as the ledger has it. */
export type LedgerCall = Readonly<{
  run: string
  idx: number
  /** The attempt that its conversation began with. */
  begun: number
  tool: string
  effectId: string
  what: string
}>

/**
 * A system outside that does a thing once for each effect id does each call's thing at most once: however often a call is
 * made, it is under its one effect id; no effect id stands for two calls; and nothing is asked of that system that the
 * ledger does not know. In a conversation a call is told apart by what it is for.
 */
export function checkEffectIds(lines: readonly EffectLine[], ledger: readonly LedgerCall[]): Violation[] {
  const calls = Map.groupBy(ledger, ({ run, idx, begun, tool, what }) => [run, idx, begun, tool, what].join(', '))
  const ids = Map.groupBy(ledger, ({ effectId }) => effectId)
  return [
    ...[...calls.values()].flatMap((same) => manyIds(same)),
    ...[...ids.values()].flatMap((same) => manyCalls(same)),
    ...lines.flatMap((line) => notInLedger(line, ids.get(line.effectId)?.[0])),
  ]
}

function manyIds(same: readonly LedgerCall[]): Violation[] {
  const ids = new Set(same.map(({ effectId }) => effectId))
  const [first] = same
  if (ids.size <= 1 || first === undefined) return []
  const detail = `${first.tool} (${first.what}) of one conversation has the effect ids ${[...ids].join(', ')}`
  return [{ kind: 'effect_id', run: first.run, detail }]
}

function manyCalls(same: readonly LedgerCall[]): Violation[] {
  const calls = new Set(same.map(({ tool, what }) => `${tool} (${what})`))
  const [first] = same
  if (calls.size <= 1 || first === undefined) return []
  return [{ kind: 'effect_id', run: first.run, detail: `${first.effectId} stands for ${[...calls].join(' and ')}` }]
}

function notInLedger({ kind, tool, effectId, what }: EffectLine, call: LedgerCall | undefined): Violation[] {
  if (kind !== 'effect' || (call?.tool === tool && call.what === what)) return []
  const known = call === undefined ? 'no call of this effect id' : `${call.tool} (${call.what}) under it`
  return [
    {
      kind: 'effect_id',
      run: call?.run ?? '',
      detail: `${tool} (${what}) took effect as ${effectId}; the ledger has ${known}`,
    },
  ]
}
