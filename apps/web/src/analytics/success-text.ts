import type { RunSums } from '@flotilla/domain'
import { count, percent, plural } from '../format/quantities.ts'

/** The rate with what it is of: a run that somebody cancelled is neither a success nor a failure. */
export function successText({ successRate, completed, failed, cancelled }: RunSums): string {
  const left = cancelled === 0 ? '' : `, ${count(cancelled)} cancelled not counted`
  return successRate === null
    ? `–${left}`
    : `${percent(successRate)} of ${plural(completed + failed, 'ended run')}${left}`
}
