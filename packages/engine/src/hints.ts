import type { Hints as QueueHints } from '@flotilla/queue'

export { createLocalHints, WANTED_EVERY_MS, type Hint } from '@flotilla/queue'

/** What use cases need of hints; they are best effort, and the record is what counts. */
export type Hints = Pick<QueueHints, 'publish' | 'subscribe'>
