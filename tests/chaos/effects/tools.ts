import { appendFileSync, readFileSync } from 'node:fs'
import type { Tool } from '@flotilla/agents'
import { pause } from '../pause.ts'
import type { EffectLine } from './effect-journal.ts'

/**
 * Loaded into the workers (`FLOTILLA_TOOLS`): tools of every retry class, whose effects go to the journal in the file
 * CHAOS_EFFECTS_FILE as to a system outside. Each takes its time before and after the effect, for the faults to fall into.
 */
const file = process.env['CHAOS_EFFECTS_FILE'] ?? ''
const write = (line: Omit<EffectLine, 'at'>): void =>
  appendFileSync(file, `${JSON.stringify({ ...line, at: Date.now() })}\n`)

type Retry = Tool['retry']
const whatIn = ({ what }: Readonly<{ what?: unknown }>): string => (typeof what === 'string' ? what : '')
const SLOW_MS = 150

function effectTool(name: string, retry: Retry, more: Partial<Tool> = {}): Partial<Tool> {
  return {
    name,
    description: `Does ${name}.`,
    parameters: { type: 'object', properties: { what: { type: 'string' } }, required: ['what'] },
    retry,
    timeoutMs: 20_000,
    run: async (args, { effectId, signal }) => {
      await pause(Math.random() * SLOW_MS)
      signal.throwIfAborted()
      write({ kind: 'effect', tool: name, effectId, what: whatIn(args) })
      await pause(Math.random() * SLOW_MS)
      return { ok: true, text: `${name} done.` }
    },
    ...more,
  }
}

/** The outside system knows: its journal says. */
const reconcile: Tool['reconcile'] = async (args, { effectId }) => {
  const done = readFileSync(file, 'utf8').includes(`"effectId":${JSON.stringify(effectId)}`)
  write({
    kind: done ? 'told_happened' : 'told_not_happened',
    tool: 'pay',
    effectId: `asked ${effectId}`,
    what: whatIn(args),
  })
  return done ? { kind: 'happened', result: 'pay done, it turns out.' } : { kind: 'not_happened' }
}

export default [
  effectTool('look', 'safe'),
  effectTool('put', 'idempotent'),
  effectTool('pay', 'unsafe', { reconcile }),
  effectTool('send', 'unsafe'),
]
