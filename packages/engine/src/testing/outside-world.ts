import { defineTool, type Reconciled, type RetryClass, type Tool, type ToolCallContext } from '@flotilla/agents'
import { createScriptedProvider, type ModelProvider, type ScriptedStep } from '@flotilla/llm'
import * as v from 'valibot'
import type { CrashPoint } from './crash-point.ts'

/** What lies outside of the record, and outlives every process: the model's bill, and the systems that tools change. */
export type OutsideWorld = Readonly<{
  /** Each model call that was answered, with what it cost. */
  bill: { turn: number; tokens: number }[]
  /** Each run of a tool, by effect id. */
  runs: { tool: string; effectId: string }[]
  /** How often each effect took place. */
  effects: Map<string, number>
}>

export const openWorld = (): OutsideWorld => ({ bill: [], runs: [], effects: new Map() })

const Arguments = v.strictObject({ what: v.string() })
type Asked = v.InferOutput<typeof Arguments>
type Kind = Readonly<{ name: string; retry: RetryClass; once: boolean; reconciles: boolean }>

/** `save` is idempotent, since the system that it writes to knows effect ids; `pay` and `charge` do it again each time. */
const KINDS: readonly Kind[] = [
  { name: 'look', retry: 'safe', once: false, reconciles: false },
  { name: 'save', retry: 'idempotent', once: true, reconciles: false },
  { name: 'pay', retry: 'unsafe', once: false, reconciles: false },
  { name: 'charge', retry: 'unsafe', once: false, reconciles: true },
]

export const TOOL_NAMES = KINDS.map(({ name }) => name)

export const answerOf = (tool: string, what: string): string => `${tool} of ${what} is done`

/** Tools of all classes over this world, in a process that may crash before and after each effect. */
export const toolsOf = (world: OutsideWorld, crash: CrashPoint): Tool[] =>
  KINDS.map(({ name, retry, once, reconciles }) =>
    defineTool({
      name,
      description: name,
      parameters: Arguments,
      retry,
      timeoutMs: 60_000,
      run: async ({ what }: Asked, { effectId }) => {
        await crash.pass(`${name}: before`)
        world.runs.push({ tool: name, effectId })
        const before = world.effects.get(effectId) ?? 0
        world.effects.set(effectId, once ? 1 : before + 1)
        await crash.pass(`${name}: after`)
        return { ok: true, text: answerOf(name, what) }
      },
      ...(reconciles && {
        reconcile: async ({ what }: Asked, { effectId }: ToolCallContext): Promise<Reconciled> =>
          world.effects.has(effectId) ? { kind: 'happened', result: answerOf(name, what) } : { kind: 'not_happened' },
      }),
    }),
  )

/** A model that is asked for `turns` turns, the last of them the answer, and says the same to the same question. */
export function modelOf(world: OutsideWorld, turns: number, crash: CrashPoint): ModelProvider {
  const scripted = createScriptedProvider({
    script: (request) => stepOf(request.messages.filter(({ role }) => role === 'assistant').length + 1, turns),
  })
  const bill: ModelProvider['call'] = async (request, options) => {
    const outcome = await scripted.call(request, options)
    const turn = request.messages.filter(({ role }) => role === 'assistant').length + 1
    if (outcome.ok)
      world.bill.push({ turn, tokens: outcome.reply.usage.inputTokens + outcome.reply.usage.outputTokens })
    return outcome
  }
  return { name: 'scripted', simulated: true, call: crash.over('model', bill) }
}

/** Every class of tool in turn, two safe ones side by side, and all of them together in the turn before the last. */
export function callsOf(turn: number, turns: number): readonly string[] {
  if (turn === turns) return []
  if (turn === turns - 1) return ['look', 'save', 'charge', 'look', 'pay']
  return [['charge'], ['look', 'look'], ['save'], ['pay']][turn % 4] ?? []
}

const stepOf = (turn: number, turns: number): ScriptedStep => ({
  usage: { inputTokens: 100 * turn, outputTokens: 10 },
  ...(turn === turns
    ? { text: 'All is done.' }
    : {
        toolCalls: callsOf(turn, turns).map((name, n) => ({
          id: `${turn}.${n}`,
          name,
          arguments: { what: `${turn}.${n}` },
        })),
      }),
})
