import { migrate } from '@flotilla/db'
import { disturbance, takeSample } from '../machine/load.ts'
import { measureOverhead, plantClaims, type Sharing } from '../money/overhead.ts'
import type { Measurement } from '../report/table.ts'
import { openScope } from '../scope.ts'
import { startStores } from '../services/stores.ts'
import { DISTURBANCE_COLUMNS, type Bench, type Figure } from './figure.ts'

type Case = Readonly<{ processes: number; atOnce: number; sharing: Sharing }>
const ALONE: readonly Case[] = [1, 4].map((processes) => ({ processes, atOnce: processes, sharing: 'a month' }))
const TOGETHER: readonly Case[] = [1, 4].flatMap((processes) =>
  (['nothing', 'a month', 'a run'] as const).map((sharing) => ({ processes, atOnce: 50, sharing })),
)

export const moneyOverhead: Figure = {
  title: 'Overhead: what gate, reservation and settlement add to a call, in ms',
  subject: ['processes', 'calls at once', 'sharing'],
  columns: [
    { key: 'p50', title: 'p50' },
    { key: 'p95', title: 'p95' },
    { key: 'gate.p50', title: 'gate p50' },
    { key: 'gate.p95', title: 'gate p95' },
    { key: 'reserve.p50', title: 'reserve + settle p50' },
    { key: 'reserve.p95', title: 'reserve + settle p95' },
    { key: 'calls/s', title: 'calls/s' },
    { key: 'calls', title: 'calls' },
    ...DISTURBANCE_COLUMNS,
  ],
  measure: measureMoneyOverhead,
}

/** The queue plays no part in it. */
async function* measureMoneyOverhead(bench: Bench): AsyncGenerator<Measurement> {
  const { reps } = bench.options
  for (let rep = 1; rep <= reps; rep += 1)
    for (const each of [...ALONE, ...TOGETHER]) {
      const { processes, atOnce, sharing } = each
      bench.say(`overhead of ${atOnce} calls at once in ${processes} processes sharing ${sharing}, ${rep} of ${reps}`)
      yield await measureOn(bench, each)
    }
}

async function measureOn({ shutdown, options }: Bench, each: Case): Promise<Measurement> {
  const { processes, atOnce, sharing } = each
  await using scope = openScope(shutdown)
  const stores = await startStores(scope, 'embedded')
  const { databaseUrl, db, postgres } = stores
  await migrate(databaseUrl)
  const claims = await plantClaims(db, atOnce, sharing)
  const watched = { postgres: postgres.pid, db }
  const before = await takeSample(watched)
  const values = await measureOverhead({ scope, databaseUrl, claims, processes, seconds: options.seconds })
  const disturbed = disturbance(before, await takeSample(watched))
  return { subject: [String(processes), String(atOnce), sharing], values: { ...values, ...disturbed } }
}
