import type { PlanTaskInput } from '@flotilla/domain'

type Criterion = NonNullable<PlanTaskInput['verify']>[number]

/** A criterion in a line, also one that is still being written. */
export function criterionText(criterion: Criterion): string {
  if ('judge' in criterion) return `judged: ${criterion.judge}`
  const { rule, ...rest } = criterion
  const words = Object.values(rest).map((value) => (typeof value === 'object' ? JSON.stringify(value) : String(value)))
  return [rule ?? 'unknown', ...words].join(' ')
}
