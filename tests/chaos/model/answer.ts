import { EFFECT_TOOLS, whatOf } from '../effects/effect-journal.ts'
import { createRandom, type Random } from '../random.ts'
import { keyOf, type ChaosPlan, type ChaosTask } from '../plan/chaos-plan.ts'

/** What a call asks for. `turn` counts from 1 in its conversation; `nth` counts the calls of this kind for this task. */
export type Asked = Readonly<{
  mode: 'task' | 'judge'
  key: string
  turn: number
  nth: number
  /** The first message of the conversation. */
  first: string
}>

export type Answer = Readonly<{ afterMs: number }> &
  (
    | Readonly<{ kind: 'refuse'; status: 400 | 429 | 500 }>
    /** Half an answer, then the connection breaks. */
    | Readonly<{ kind: 'cut'; text: string }>
    /** No answer: the worker that asks is killed. */
    | Readonly<{ kind: 'kill' }>
    | Readonly<{ kind: 'say'; text: string }>
    | Readonly<{ kind: 'call'; tool: string; arguments: Readonly<Record<string, string>> }>
  )

/** A task meets at most one fault of the model, so that none uses up its tries by the model alone. */
const FAULTY_TASKS = 0.06
const UNPOLISHED = 'unpolished'

export function answerOf(seed: number, plan: ChaosPlan, asked: Asked): Answer {
  const idx = plan.tasks.findIndex((task) => task.key === asked.key)
  const task = plan.tasks[idx]
  const afterMs = latencyOf(createRandom(seed, 'latency', plan.number, asked.key, asked.mode, asked.nth))
  if (task === undefined || (task.doomed && asked.mode === 'task')) return { kind: 'refuse', status: 400, afterMs }
  if (task.poison && asked.mode === 'task') return { kind: 'kill', afterMs }
  const faulty = createRandom(seed, 'model', plan.number, asked.key, asked.mode)
  if (faulty.chance(FAULTY_TASKS) && asked.nth === 1 + faulty.int(2)) return { ...drawFault(faulty), afterMs }
  if (asked.mode === 'judge') return { kind: 'say', text: judgement(asked.first), afterMs }
  if (asked.turn <= task.toolTurns) return { ...toolCallOf(seed, plan, task, asked.turn), afterMs }
  return { kind: 'say', text: workOf(plan, task, asked.first), afterMs }
}

/** Some answers outlast the lease, which a live worker renews meanwhile. */
function latencyOf(random: Random): number {
  if (random.chance(0.01)) return 3_500
  return random.chance(0.1) ? random.between(200, 800) : random.between(0, 200)
}

function drawFault(
  random: Random,
): Readonly<{ kind: 'refuse'; status: 429 | 500 }> | Readonly<{ kind: 'cut'; text: string }> {
  const status = random.pick([429, 500, null] as const)
  return status === null ? { kind: 'cut', text: 'I was about to' } : { kind: 'refuse', status }
}

function toolCallOf(seed: number, plan: ChaosPlan, task: ChaosTask, turn: number) {
  const tools = task.effects ? (['write_artifact', ...EFFECT_TOOLS] as const) : (['write_artifact'] as const)
  const tool = createRandom(seed, 'tool', plan.number, task.key, turn).pick(tools)
  if (tool === 'write_artifact') return writeOf(plan, task, turn)
  return { kind: 'call', tool, arguments: { what: whatOf(plan.number, task.key, turn) } } as const
}

function writeOf(plan: ChaosPlan, task: ChaosTask, turn: number) {
  const content = `Notes of ${task.key} in plan ${plan.number}, page ${turn}.`
  return { kind: 'call', tool: 'write_artifact', arguments: { name: `${task.key}-${turn}.md`, content } } as const
}

/** A first draft lacks what its criteria ask for, where the plan says that it is revised. */
function workOf(plan: ChaosPlan, task: ChaosTask, first: string): string {
  const revised = first.includes('<revision')
  const polish = task.judge === 'revises' && !revised ? UNPOLISHED : 'polished'
  const found = task.rule === 'revises' && !revised ? 'nothing yet' : `value(${task.key})=${sumOf(task, first) + 1}`
  return `${task.key} of plan ${plan.number}, ${polish}: ${found}.`
}

/** Of the dependencies' outputs as the prompt shows them; the task's own earlier output is not one of them. */
function sumOf(task: ChaosTask, first: string): number {
  const shown = new Map(
    [...first.matchAll(/value\((t\d+)\)=(\d+)/g)].map(([, key = '', value]) => [key, Number(value)]),
  )
  return task.deps.reduce((sum, dep) => sum + (shown.get(keyOf(dep)) ?? Number.NaN), 0)
}

/** The value that an output states; null when it states none. */
export function valueIn(text: string): number | null {
  const found = /value\(t\d+\)=(\d+)/.exec(text)?.[1]
  return found === undefined ? null : Number(found)
}

const judgement = (first: string): string =>
  JSON.stringify({ rationale: 'Looked at its polish.', score: first.includes(UNPOLISHED) ? 0.2 : 0.9 })
