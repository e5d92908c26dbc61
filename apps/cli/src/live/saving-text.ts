import { BUDGET_DIMENSIONS, describeCrossing, type BudgetLevel, type Json, type JsonObject } from '@flotilla/domain'
import { oneLine } from './terminal-text.ts'

/** What `budget.degraded` has changed, such as `model a:big → a:small, output 4,096 → 2,048 tokens`; null where it tells of nothing. */
export function savingText({ changed }: JsonObject): string | null {
  if (!Array.isArray(changed)) return null
  const parts = changed.flatMap((each) => partOf(each) ?? [])
  return parts.length === 0 ? null : parts.join(', ')
}

/** What `budget.warning` tells, such as `85 % of the run's budget of $1.00 are spent ($0.85)`; null where it lacks the amounts. */
export function warningText({ level, dimension, limit, settled, reserved, share }: JsonObject): string | null {
  const named = BUDGET_DIMENSIONS.find((each) => each === dimension)
  const of = LEVELS.find((each) => each === level)
  if (named === undefined || of === undefined) return null
  const [most, spent, part] = [Number(limit), Number(settled), Number(share)]
  return describeCrossing({
    level: of,
    dimension: named,
    limit: most,
    settled: spent,
    reserved: Number(reserved),
    share: part,
  })
}

const LEVELS: readonly BudgetLevel[] = ['task', 'run', 'workspace']

function partOf(saving: Json): string | null {
  if (typeof saving !== 'object' || saving === null || Array.isArray(saving)) return null
  const { what, from, to, criterion, task } = saving
  if (what === 'optional_task') return `optional task ${shown(task)} left out`
  const change = `${shown(from)} → ${shown(to)}`
  if (what === 'model') return `model ${change}`
  if (what === 'max_output_tokens') return `longest output ${change} tokens`
  return what === 'judge_samples' ? `samples of "${shown(criterion)}" ${change}` : null
}

const shown = (value: Json | undefined): string =>
  typeof value === 'number' ? value.toLocaleString('en') : oneLine(typeof value === 'string' ? value : '?')
