import type { RunSums } from '@flotilla/domain'
import { count, plural } from '../format/quantities.ts'

/** What the rate is of: a run that somebody cancelled is neither a success nor a failure. */
export const successNote = ({ completed, failed, cancelled }: RunSums): string =>
  [
    ...(completed + failed === 0 ? [] : [`of ${plural(completed + failed, 'ended run')}`]),
    ...(cancelled === 0 ? [] : [`${count(cancelled)} cancelled not counted`]),
  ].join(', ')
