import type { Client } from '@flotilla/client'
import { percentile } from '../report/statistics.ts'

const TIMES = 200
/** Before connections and plans are warm. */
const WARM = 40

/** Ms that reads of the API take one after the other, of a run in the middle of the list. */
export async function requestTimes(client: Client, runId: string): Promise<Record<'list' | 'run' | 'events', number>> {
  return {
    list: await p95(() => client.runs.list({ limit: 50 })),
    run: await p95(() => client.runs.get(runId)),
    events: await p95(() => client.runs.events(runId, { limit: 100 })),
  }
}

async function p95(ask: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < TIMES + WARM; i += 1) {
    const asked = performance.now()
    await ask()
    times.push(performance.now() - asked)
  }
  return percentile(times.slice(WARM), 95)
}
