import { startKillerServices } from './killer-services.ts'
import type { Edit, Killer } from './mutant.ts'
import { runKiller, type Verdict } from './run-killer.ts'
import { copySources } from './source-copy.ts'

/** Where one mutant after the other is tried: a copy of the sources and services that no other lane sees. */
export interface Lane {
  /** Throws when the killer did not run. */
  run(killer: Killer): Promise<Verdict>
  /** Takes the edits back when `work` is done. */
  withEdits<R>(edits: readonly Edit[], work: () => Promise<R>): Promise<R>
  close(): Promise<void>
}

export async function openLane(): Promise<Lane> {
  const [copy, services] = await Promise.all([copySources(), startKillerServices()])
  return {
    async run(killer) {
      if (killer.by === 'tests') await services.forget()
      return runKiller(copy.root, killer, services.env)
    },
    async withEdits(edits, work) {
      const takeBack = await copy.edit(edits)
      try {
        return await work()
      } finally {
        await takeBack()
      }
    },
    close: async () => void (await Promise.all([services.stop(), copy.remove()])),
  }
}
