import type { TaskLine } from './task-lines.ts'

/** Those that have spent most first; what is free goes by its tokens, then by its time. */
export const bySpend = <Task extends Pick<TaskLine, 'budget'>>(tasks: readonly Task[]): Task[] =>
  tasks.toSorted(
    ({ budget: { spent: a } }, { budget: { spent: b } }) =>
      b.costUsd - a.costUsd || b.tokens - a.tokens || b.seconds - a.seconds,
  )
