import { FAULT_KINDS, type FaultKind, type StruckFault } from './faults/fault.ts'
import type { Violation } from './history/history.ts'
import { moneyLines, type MoneyFigures } from './money/money-figures.ts'
import type { PaidTwice } from './history/verify.ts'
import type { Recovery } from './history/recovery.ts'
import type { CampaignOptions } from './options.ts'
import type { UpgradeFigures } from './upgrade.ts'

export type FaultFigures = Readonly<{
  struck: number
  /** Of those that struck alone: no other fault fell into what then waited. */
  alone: number
  medianMs: number | null
  maxMs: number | null
  /** The longest wait of all that faults of this kind fell into, with whatever else fell into it. */
  amongOthersMs: number | null
  limitMs: number | null
}>

export type CampaignReport = Readonly<{
  backend: string
  seed: number
  seconds: number
  treeMax: number
  runs: Readonly<{ acknowledged: number; completed: number; failed: number; cancelled: number; live: number }>
  tasks: Readonly<{ ended: number; starts: number; again: number; lost: number; released: number; buried: number }>
  /** The share of the starts that went on with what a lost or a draining worker had begun. */
  reExecutions: number
  /** Answers of the model that are not on record, and so were paid for again. */
  paidTwice: PaidTwice
  money: MoneyFigures
  /** From the commit of a cancel to the end of a socket that it cut off. */
  cancelToCut: Readonly<{ calls: number; p50Ms: number | null; p99Ms: number | null }>
  modelCalls: Readonly<{ served: number; recorded: number }>
  /** Ends of workers that no fault asked for: when they served, and before. */
  /** The median: a machine with other work starts them slowly, and then all the rest is slow. */
  workerStartMs: number
  crashes: Readonly<{ serving: number; starting: number }>
  /** Null where the fleet is of one version throughout. */
  upgrade: UpgradeFigures | null
  faults: Readonly<Partial<Record<FaultKind, FaultFigures>>>
  /** From the end of the faults to the end of the last run. */
  drainMs: number
  /** How long nothing at all may move before that. */
  stallLimitMs: number
  violations: readonly Violation[]
  /** Where logs and data were left; null when they were removed. */
  folder: string | null
}>

export function faultFigures(
  struck: readonly StruckFault[],
  recoveries: readonly Recovery[],
  limitOf: (kind: FaultKind) => number | null,
): CampaignReport['faults'] {
  return Object.fromEntries(
    FAULT_KINDS.filter((kind) => struck.some((fault) => fault.kind === kind)).map((kind) => {
      const ofKind = recoveries.filter((one) => one.kind === kind && one.ms > 0)
      const alone = ofKind.flatMap(({ aloneMs }) => aloneMs ?? [])
      const figures: FaultFigures = {
        struck: struck.filter((fault) => fault.kind === kind).length,
        alone: alone.length,
        ...spread(alone),
        amongOthersMs: spread(ofKind.map(({ ms }) => ms)).maxMs,
        limitMs: limitOf(kind),
      }
      return [kind, figures]
    }),
  )
}

export function percentiles(times: readonly number[]): CampaignReport['cancelToCut'] {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): number | null => {
    const one = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
    return one === undefined ? null : Math.round(one)
  }
  return { calls: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99) }
}

function spread(times: readonly number[]): Pick<FaultFigures, 'medianMs' | 'maxMs'> {
  const sorted = times.toSorted((a, b) => a - b)
  const middle = sorted[Math.floor(sorted.length / 2)]
  const last = sorted.at(-1)
  return {
    medianMs: middle === undefined ? null : Math.round(middle),
    maxMs: last === undefined ? null : Math.round(last),
  }
}

const seconds = (ms: number | null): string => (ms === null ? '–' : `${(ms / 1_000).toFixed(1)} s`)
const share = (part: number, whole: number): string => `${((100 * part) / Math.max(1, whole)).toFixed(2)} %`
const MAX_SHOWN = 20

/** The report as it is read by people. */
export function renderReport(report: CampaignReport): string {
  const { runs, tasks, modelCalls, crashes, paidTwice, cancelToCut } = report
  const faults = Object.entries(report.faults).map(([kind, figures]) => faultLine(kind, figures))
  return [
    `backend ${report.backend}, seed ${report.seed}, ${report.seconds} s, trees up to ${report.treeMax} tasks`,
    `runs     ${runs.acknowledged} acknowledged, ${runs.completed} completed, ${runs.failed} failed as planned, buried or out of money, ${runs.cancelled} cancelled, ${runs.live} live`,
    `tasks    ${tasks.ended} ended, ${tasks.starts} starts, ${tasks.lost} attempts lost, ${tasks.released} released, ${tasks.buried} tasks buried`,
    `         ${(100 * report.reExecutions).toFixed(1)} % of the starts were re-executions`,
    `model    ${modelCalls.served} calls served, ${modelCalls.recorded} turns recorded`,
    `         ${paidTwice.calls} answers not recorded: ${share(paidTwice.tokens, paidTwice.ofTokens)} of all tokens paid twice`,
    ...moneyLines(report.money),
    `cancels  cut off ${cancelToCut.calls} calls, after ${cancelToCut.p50Ms ?? '–'} ms (p50), ${cancelToCut.p99Ms ?? '–'} ms (p99)`,
    `workers  ended unasked: ${crashes.serving} while serving, ${crashes.starting} while starting; ${seconds(report.workerStartMs)} to start (median)`,
    ...(report.upgrade === null ? [] : [upgradeLine(report.upgrade)]),
    `faults, and the time to the next event of whatever was under way, where no other fault fell into it:`,
    ...(faults.length > 0 ? faults : ['  none']),
    `drained  ${seconds(report.drainMs)} after the last fault (a standstill of ${seconds(report.stallLimitMs)} is a violation)`,
    ...violationLines(report.violations),
    ...(report.folder === null ? [] : [`logs and data: ${report.folder}`]),
  ].join('\n')
}

function faultLine(kind: string, { struck, alone, medianMs, maxMs, amongOthersMs, limitMs }: FaultFigures): string {
  const cells = [
    String(struck).padStart(5),
    `alone ${String(alone).padStart(4)}`,
    `median ${seconds(medianMs).padStart(6)}`,
    `max ${seconds(maxMs).padStart(6)}`,
    ...(limitMs === null ? [] : [`published ${seconds(limitMs).padStart(6)}`]),
    `among others ${seconds(amongOthersMs).padStart(6)}`,
  ]
  return `  ${kind.padEnd(12)}${cells.join('   ')}`
}

const upgradeLine = ({ from, starts }: UpgradeFigures): string =>
  `upgrade  from ${from}; after the migration ${starts.earlier} starts by its workers, ${starts.present} by those of this version`

function violationLines(violations: readonly Violation[]): string[] {
  if (violations.length === 0) return ['violations  none']
  const counts = [...Map.groupBy(violations, ({ kind }) => kind)].map(([kind, same]) => `${kind} ${same.length}`)
  const shown = violations.slice(0, MAX_SHOWN).map(({ kind, run, detail }) => `  ${kind} ${run} ${detail}`)
  const more = violations.length > MAX_SHOWN ? [`  and ${violations.length - MAX_SHOWN} more`] : []
  return [`VIOLATIONS  ${counts.join(', ')}`, ...shown, ...more]
}

/** The command that replays a campaign. */
export const replayCommand = (o: CampaignOptions): string =>
  `npm run --silent chaos -- --backend ${o.backend} --seed ${o.seed} --seconds ${o.seconds} --mix ${o.mix.join(',') || 'none'} --workers ${o.workers} --rate ${o.rate} --tree-max ${o.treeMax}${o.upgradeFrom === null ? '' : ` --upgrade-from ${o.upgradeFrom}`}`
