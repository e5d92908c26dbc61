import { migrate } from '@flotilla/db'
import { migrateQueues } from '@flotilla/queue'

/** A database as a fleet finds it: the record and the queues, migrated once for all tests that ask for it. */
export const TEMPLATE = {
  name: 'flotilla',
  migrate: async (url: string): Promise<void> => {
    await migrate(url)
    await migrateQueues(url)
  },
}
