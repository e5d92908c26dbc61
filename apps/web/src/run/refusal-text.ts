import { ProblemError } from '@flotilla/client'
import type { RunView } from '@flotilla/domain'
import { amount } from '../format/amounts.ts'

/** What to do here about a refused resume, where the server's words name a command for it; null where they serve. */
export function refusalText(error: unknown, { pause }: Pick<RunView, 'pause'>): string | null {
  const conflict = error instanceof ProblemError && error.problem.code === 'conflict'
  if (!conflict || pause?.by !== 'budget' || pause.level !== 'run') return null
  const { needs } = pause
  const least = needs === undefined ? '' : ` to at least ${amount(needs.dimension, needs.least, 'up')}`
  return `Its next call does not fit its budget: raise that${least} with the button Budget, and it goes on by itself.`
}
