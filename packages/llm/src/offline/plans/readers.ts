import { inWords, asked } from '../compose.ts'
import { topicWords } from '../words.ts'
import type { PlanRequest } from './plan-request.ts'
import { keyFor, ROLES, type TaskDraft } from './task-draft.ts'

/** Documents are read in parallel, each by its own task; more than this many share tasks. */
const MAX_READERS = 12

/** One task for each document, or for each few of them where they are many; none without documents. */
export function readers(request: PlanRequest, prefix: string, work: (names: string) => string): TaskDraft[] {
  const { documents } = request
  const size = Math.max(1, Math.ceil(documents.length / MAX_READERS))
  const taken = new Set<string>()
  return Array.from({ length: Math.ceil(documents.length / size) }, (_, i) => {
    const names = documents.slice(i * size, (i + 1) * size).map(({ name }) => name)
    return {
      key: keyFor(prefix, names[0] ?? '', taken),
      roles: ROLES.researcher,
      type: 'extract',
      title: `Read ${inWords(names)}`,
      instructions: work(inWords(names)),
      dependsOn: [],
    }
  })
}

/** What a request is about, in a few of its words. */
export const subjectOf = ({ goal }: PlanRequest): string => inWords(topicWords(goal).slice(0, 5)) || asked(goal)

export const keysOf = (tasks: readonly TaskDraft[]): string[] => tasks.map(({ key }) => key)
