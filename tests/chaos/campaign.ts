import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { FaultKind } from './faults/fault.ts'
import { publishedLimitMs, stallLimitMs } from './faults/published-limits.ts'
import { scheduleFaults } from './faults/schedule.ts'
import { strike } from './faults/strike.ts'
import { DRAIN_MS, LEASE_MS } from './ground/fleet.ts'
import { verify, type Verified } from './history/verify.ts'
import type { CampaignOptions } from './options.ts'
import { pause } from './pause.ts'
import { faultFigures, percentiles, type CampaignReport } from './report.ts'
import { setUp, type Campaign, type OnProgress } from './set-up.ts'
import { upgrade } from './upgrade.ts'
import { untilDrained, watch } from './watch.ts'

/** Runs a campaign to its report. Rejects only when the campaign itself cannot run. */
export async function runCampaign(options: CampaignOptions, onProgress: OnProgress): Promise<CampaignReport> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'flotilla-chaos-'))
  const closers: (() => Promise<unknown>)[] = []
  let kept = options.keep
  try {
    const campaign = await setUp(options, onProgress, folder, closers)
    const report = await conduct(campaign)
    kept ||= report.violations.length > 0
    return { ...report, folder: kept ? folder : null }
  } finally {
    for (const close of closers.toReversed()) await close()
    if (!kept) await rm(folder, { recursive: true, force: true })
  }
}

const TIMES = { leaseMs: LEASE_MS, drainMs: DRAIN_MS }
const limitOf = (kind: FaultKind): number | null => publishedLimitMs(kind, TIMES)

async function conduct(campaign: Campaign): Promise<Omit<CampaignReport, 'folder'>> {
  const { options, fleet, submitter, struck } = campaign
  const startedAt = Date.now()
  const endsAt = startedAt + options.seconds * 1_000
  const watching = new AbortController()
  const watched = watch(campaign, startedAt, watching.signal)
  const [migratedAt] = await Promise.all([
    upgrade(campaign, startedAt),
    submitter.run(endsAt, () => hasRoom(campaign)),
    strikeAll(campaign, startedAt),
  ])
  const quietAt = Date.now()
  await endFaults(campaign)
  const limitMs = stallLimitMs(options.mix, TIMES)
  await untilDrained(campaign, limitMs)
  const drainMs = Date.now() - quietAt
  watching.abort()
  await watched
  const overrun = await fleet.stop()
  const verified = await verify({
    ...campaign,
    cancels: campaign.strikeDeps.cancels,
    limitOf,
    journal: campaign.model.journal,
    overrun,
    migratedAt,
    ledgered: options.upgradeFrom === null,
    pool: campaign.ground.postgres.pool,
    acknowledged: submitter.acknowledgements.all(),
  })
  return reportOf(campaign, verified, {
    drainMs,
    stallLimitMs: limitMs,
    faults: faultFigures(struck, verified.recoveries, limitOf),
  })
}

/** More live runs than this only wait for each other: a backlog would hide what recovers late. */
const MAX_LIVE = 12

function hasRoom({ submitter, latest }: Campaign): boolean {
  const over = latest.record === null ? 0 : latest.record.runs - latest.record.live
  return submitter.acknowledgements.all().length - over < MAX_LIVE
}

/** Every fault at its time; those of one kind never overlap. */
async function strikeAll(campaign: Campaign, startedAt: number): Promise<void> {
  const { options, ground, strikeDeps, struck } = campaign
  const faults = scheduleFaults({
    seed: options.seed,
    forMs: options.seconds * 1_000,
    mix: options.mix,
    pace: options.pace,
    workers: options.workers,
    leaseMs: LEASE_MS,
    hasRedis: ground.queue.redis !== undefined,
  })
  const underWay: Promise<void>[] = []
  for (const fault of faults) {
    await pause(Math.max(0, startedAt + fault.atMs - Date.now()))
    const striking = strike(strikeDeps, fault).then((one) => void (one !== null && struck.push(one)))
    striking.catch(() => {}) // Told when all are awaited.
    underWay.push(striking)
  }
  await Promise.all(underWay)
}

async function endFaults({ fleet }: Campaign): Promise<void> {
  for (const slot of fleet.slots) slot.signal('SIGCONT')
  await Promise.all(fleet.slots.map((_, worker) => fleet.skew(worker, 0)))
}

function reportOf(
  { options, model, fleet, toppedUp }: Campaign,
  { counts, violations, cutMs, paidTwice, money }: Verified,
  figures: Pick<CampaignReport, 'drainMs' | 'stallLimitMs' | 'faults'>,
): Omit<CampaignReport, 'folder'> {
  const serving = fleet.crashes.filter((crash) => crash.ready).length
  return {
    backend: options.backend,
    seed: options.seed,
    seconds: options.seconds,
    treeMax: options.treeMax,
    runs: counts.runs,
    tasks: counts.tasks,
    upgrade: options.upgradeFrom === null ? null : { from: options.upgradeFrom, starts: counts.startsAfterMigration },
    reExecutions: counts.tasks.again / Math.max(1, counts.tasks.starts),
    paidTwice,
    money: { ...money, budgets: { ...money.budgets, toppedUp: toppedUp.runs } },
    cancelToCut: percentiles(cutMs),
    modelCalls: { served: model.journal.size, recorded: counts.turns },
    workerStartMs: Math.round(fleet.startMs()),
    crashes: { serving, starting: fleet.crashes.length - serving },
    ...figures,
    violations,
  }
}
