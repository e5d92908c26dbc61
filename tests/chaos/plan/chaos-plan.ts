import { CreateRunSchema, type CreateRun, type PlanTaskInput } from '@flotilla/domain'
import * as v from 'valibot'
import { EFFECT_TOOLS } from '../effects/effect-journal.ts'
import { drawBudget, type ChaosBudget } from '../money/chaos-budget.ts'
import { createRandom, type Random } from '../random.ts'

/** What becomes of a criterion: there is none, it is met at once, or only after a revision. */
export type Criterion = 'none' | 'passes' | 'revises'

export type ChaosTask = Readonly<{
  key: string
  role: string
  /** Positions of the tasks that it depends on; all before its own. */
  deps: readonly number[]
  /** Turns that write an artifact before the turn that answers. */
  toolTurns: number
  /** Whether those turns may call tools with effects outside, too. */
  effects: boolean
  rule: Criterion
  judge: Criterion
  /** The model refuses it for good. */
  doomed: boolean
  /** Kills every worker that runs it. */
  poison: boolean
}>

/** What only some campaigns have in their plans. */
export type Extras = Readonly<{ poison?: boolean; effects?: boolean; budgets?: boolean }>

export type ChaosPlan = Readonly<{ number: number; tasks: readonly ChaosTask[]; budget: ChaosBudget | null }>

export const TASKS = 12
const DOOMED_PLANS = 0.15
/** Each one costs six workers, and whatever else they had. */
const POISON_EVERY = 100
const POISON_FIRST = 3
const ROLES = ['researcher', 'analyst', 'writer', 'reviewer'] as const

export const keyOf = (idx: number): string => `t${idx}`

/** Plan `number` of a campaign: a random graph with tasks of every sort, now and then with one that kills its workers. */
export function drawPlan(
  seed: number,
  number: number,
  { poison: withPoison, effects, budgets }: Extras = {},
): ChaosPlan {
  const random = createRandom(seed, 'plan', number)
  const doomed = random.chance(DOOMED_PLANS) ? random.int(TASKS) : -1
  const tasks = Array.from({ length: TASKS }, (_, idx) => ({
    ...drawTask(random, idx, idx === doomed),
    effects: effects === true,
  }))
  const budget = budgets === true ? drawBudget(seed, number) : null
  if (withPoison !== true || number % POISON_EVERY !== POISON_FIRST) return { number, tasks, budget }
  const poison = createRandom(seed, 'poison', number).int(TASKS)
  return { number, tasks: tasks.map((task, idx) => ({ ...task, poison: idx === poison && !task.doomed })), budget }
}

function drawTask(random: Random, idx: number, doomed: boolean): ChaosTask {
  const named = Array.from({ length: random.int(4) }, () => random.int(idx))
  return {
    key: keyOf(idx),
    role: random.pick(ROLES),
    deps: idx === 0 ? [] : [...new Set(named)].toSorted((a, b) => a - b),
    toolTurns: random.chance(0.3) ? 1 + random.int(3) : 0,
    rule: drawCriterion(random, 0.2),
    judge: drawCriterion(random, 0.15),
    doomed,
    effects: false,
    poison: false,
  }
}

const drawCriterion = (random: Random, share: number): Criterion =>
  random.chance(share) ? random.pick(['passes', 'passes', 'revises']) : 'none'

export const LABEL = 'chaos'
export const goalOf = (number: number): string => `chaos plan ${number}`
/** The number of the plan whose goal this is; null for a goal of something else. */
export function planNumberOf(goal: string): number | null {
  const found = /^chaos plan (\d+)$/.exec(goal.trim())?.[1]
  return found === undefined ? null : Number(found)
}

export function requestOf(plan: ChaosPlan): CreateRun {
  return v.parse(CreateRunSchema, {
    goal: goalOf(plan.number),
    labels: { [LABEL]: String(plan.number) },
    ...(plan.budget && { budget: { ...plan.budget.limits, onExceeded: plan.budget.policy } }),
    plan: { tasks: plan.tasks.map((task) => planTaskOf(task, plan.budget)), result: keyOf(plan.tasks.length - 1) },
  })
}

function planTaskOf(task: ChaosTask, budget: ChaosBudget | null): PlanTaskInput {
  const rule = { rule: 'contains', value: 'value(' } as const
  const judge = { judge: 'The work is polished.' }
  return {
    key: task.key,
    role: task.role,
    title: `Task ${task.key}`,
    instructions: `Add one to the sum of what the tasks before ${task.key} found.`,
    dependsOn: task.deps.map(keyOf),
    verify: [...(task.rule === 'none' ? [] : [rule]), ...(task.judge === 'none' ? [] : [judge])],
    ...(budget?.ofTask && { budget: budget.ofTask }),
    tools: task.toolTurns === 0 ? [] : ['write_artifact', ...(task.effects ? EFFECT_TOOLS : [])],
  }
}
