import type { ChaosPlan } from './chaos-plan.ts'

export type ExpectedTask = Readonly<{ status: 'completed' | 'failed' | 'skipped'; value: number | null }>

/**
 * How each task of a plan must end, whatever strikes on the way: a completed one has the value that follows from its
 * dependencies' values, so that an output taken from the wrong place shows.
 */
export function expectedTasks(plan: ChaosPlan): ExpectedTask[] {
  const expected: ExpectedTask[] = []
  for (const task of plan.tasks) {
    const deps = task.deps.map((dep) => expected[dep])
    if (deps.some((dep) => dep?.status !== 'completed')) expected.push({ status: 'skipped', value: null })
    else if (task.doomed || task.poison) expected.push({ status: 'failed', value: null })
    else expected.push({ status: 'completed', value: deps.reduce((sum, dep) => sum + (dep?.value ?? 0), 1) })
  }
  return expected
}
