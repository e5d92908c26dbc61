import type { CrossingPolicy, RunView } from '@flotilla/domain'

/** What becomes of a run at its limits: in a word or two, and what happens first and at the end. */
export const POLICIES: Readonly<Record<CrossingPolicy, Readonly<{ name: string; says: string }>>> = {
  degrade: {
    name: 'save, then fail',
    says: 'From 80 % of a limit on the run saves: cheaper models or shorter answers, one judgement each, no optional tasks. What does not fit even so fails, and the run ends with what was done.',
  },
  pause: {
    name: 'pause',
    says: 'A call that does not fit pauses the run. It goes on where it was once the limit is raised, and nothing is done twice.',
  },
  fail: {
    name: 'fail',
    says: 'A task whose next call does not fit fails at once, what depends on it is skipped, and the run ends with what was done.',
  },
}

/** Of a run without a budget of its own `degrade` holds, at the limits of its tasks and of the month. */
export function policyOf({ limits }: RunView['budget']): CrossingPolicy {
  const { onExceeded } = limits
  return onExceeded === 'pause' || onExceeded === 'fail' ? onExceeded : 'degrade'
}
