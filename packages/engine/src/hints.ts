import type { Hints as QueueHints } from '@flotilla/queue'

export { createLocalHints, type Hint } from '@flotilla/queue'

/** What use cases need of hints; they are best effort, and the record is what counts. */
export type Hints = Pick<QueueHints, 'publish' | 'subscribe'>
