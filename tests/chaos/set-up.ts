import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { createDb, createPool, migrate } from '@flotilla/db'
import { submitRun } from '@flotilla/engine'
import { createProducer, openBackend, openHints } from '@flotilla/queue'
import { decideOnAll } from './effects/decider.ts'
import { openEffects } from './effects/effect-journal.ts'
import { createControls } from './faults/controls.ts'
import type { StruckFault } from './faults/fault.ts'
import type { StrikeDeps } from './faults/strike.ts'
import { checkOut, type EarlierCode } from './ground/earlier-version.ts'
import { effectsFile, startFleet, type Fleet } from './ground/fleet.ts'
import { layGround, type Ground } from './ground/ground.ts'
import { createOutcomeSeals, type OutcomeSeals } from './history/outcome-seals.ts'
import { startModelServer, type ModelServer } from './model/model-server.ts'
import type { CampaignOptions } from './options.ts'
import { topUpAll } from './money/top-up.ts'
import { MONTH } from './money/prices.ts'
import { drawPlan, type ChaosPlan } from './plan/chaos-plan.ts'
import type { RecordStanding, Standing } from './progress.ts'
import { createSubmitter, type Submitter } from './submitter.ts'

export type OnProgress = (standing: Standing) => void

/** Everything of a campaign that runs. */
export type Campaign = Readonly<{
  options: CampaignOptions
  ground: Ground
  model: ModelServer
  fleet: Fleet
  submitter: Submitter
  strikeDeps: StrikeDeps
  seals: OutcomeSeals
  planOf: (number: number) => ChaosPlan
  effectsFile: string
  /** Top-ups of runs that rested for their budget. */
  toppedUp: { runs: number }
  struck: StruckFault[]
  /** As the watch saw it last. */
  latest: { record: RecordStanding | null }
  onProgress: OnProgress
}>

/** Starts it all; `closers` end it again, the last one first. */
export async function setUp(
  options: CampaignOptions,
  onProgress: OnProgress,
  folder: string,
  closers: (() => Promise<unknown>)[],
): Promise<Campaign> {
  const { backend, seed, workers, treeMax, rate, upgradeFrom } = options
  const earlier = upgradeFrom === null ? null : await checkOut(upgradeFrom, path.join(folder, 'earlier'))
  const dataDir = path.join(folder, 'postgres')
  await mkdir(dataDir)
  // Under root the server's account passes through.
  const ground = await layGround({ backend, workers, dataDir, migrate: earlier?.code.migrate ?? migrate })
  closers.push(() => ground.close())
  // The month of a workspace takes its limits when its first call opens it.
  if (earlier === null)
    await ground.postgres.pool.query('update flotilla.workspaces set budget = $1', [JSON.stringify(MONTH)])
  const planOf = (number: number): ChaosPlan =>
    drawPlan(seed, number, {
      poison: options.mix.includes('poison'),
      effects: earlier === null,
      budgets: earlier === null,
    })
  const struck: StruckFault[] = []
  const running: { fleet?: Fleet } = {}
  const onPoison = (worker: number): void => {
    running.fleet?.slots[worker]?.signal('SIGKILL')
    struck.push({ kind: 'poison', at: Date.now(), overAt: Date.now() })
  }
  const model = await startModelServer({ seed, planOf, onPoison })
  closers.push(() => model.close())
  const { db, producer, hints, close } = openOwnConnections(ground, earlier?.code ?? { createDb, createPool })
  closers.push(close)
  const submitter = createSubmitter({
    db,
    producer,
    planOf,
    seed,
    rate,
    submitRun: earlier?.code.submitRun ?? submitRun,
  })
  await openEffects(effectsFile(folder))
  const fleet = await startFleet({
    seed,
    workers,
    treeMax,
    modelUrl: model.url,
    folder,
    ground,
    earlier: earlier?.worker ?? null,
  })
  closers.push(() => fleet.stop())
  running.fleet = fleet
  const atHand = new AbortController()
  const toppedUp = { runs: 0 }
  // The one before has neither approvals nor pauses for money.
  if (earlier === null) {
    void decideOnAll({ db, hints, producer }, ground.postgres.pool, atHand.signal)
    void topUpAll({ db, hints, producer }, ground.postgres.pool, () => toppedUp.runs++, atHand.signal)
  }
  closers.push(() => Promise.resolve(atHand.abort()))
  const strikeDeps: StrikeDeps = {
    ground,
    fleet,
    producer,
    acknowledgements: submitter.acknowledgements,
    planInCall: () => model.journal.all().findLast(({ end, hungUpAt }) => end === null && hungUpAt === null)?.plan,
    controls: createControls({ db, hints, producer }),
    cancels: { asked: new Set(), confirmed: new Set() },
  }
  return {
    options,
    ground,
    model,
    fleet,
    submitter,
    strikeDeps,
    seals: createOutcomeSeals(),
    struck,
    planOf,
    effectsFile: effectsFile(folder),
    toppedUp,
    latest: { record: null },
    onProgress,
  }
}

/** The campaign submits as the API does, past the proxies: what strikes the workers is not to strike it. */
function openOwnConnections(ground: Ground, code: Pick<EarlierCode, 'createDb' | 'createPool'>) {
  const onError = (): void => {} // What is away is away on purpose.
  const pool = code.createPool({ url: ground.postgres.url, role: 'app', max: 6, applicationName: 'chaos', onError })
  const db = code.createDb(pool)
  const backend = openBackend({ redisUrl: ground.queue.redis?.url, databaseUrl: ground.postgres.url, onError })
  const producer = createProducer(backend, onError)
  const hints = openHints(backend, ground.postgres.url, onError)
  const close = async (): Promise<void> => {
    await Promise.allSettled([producer.close(), hints.close()])
    await Promise.allSettled([backend.close(), db.destroy()])
  }
  return { db, producer, hints, close }
}
