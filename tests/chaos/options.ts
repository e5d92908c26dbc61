import { parseArgs } from 'node:util'
import { FAULT_KINDS, type FaultKind } from './faults/fault.ts'

export type BackendName = 'redis' | 'embedded'

export type CampaignOptions = Readonly<{
  command: 'campaign'
  backend: BackendName
  seed: number
  seconds: number
  mix: readonly FaultKind[]
  workers: number
  /** Runs a second. */
  rate: number
  /** How much longer than by default it is from one fault to the next of its kind. */
  pace: number
  /** Tasks up to which a run's wake-ups form a tree; 0 for none. */
  treeMax: number
  json: boolean
  /** The commit of an earlier version that the fleet is upgraded from in mid-campaign. */
  upgradeFrom: string | null
  /** Leaves logs and data where they are. */
  keep: boolean
}>
export type MutantOptions = Readonly<{ command: 'mutants'; only: string | null; json: boolean }>
export type HelpOptions = Readonly<{ command: 'help' }>
export type Options = CampaignOptions | MutantOptions | HelpOptions

export const USAGE = `chaos [--backend redis|embedded] [--seed N] [--minutes M | --seconds S] [--mix KIND,…|all|none]
      [--workers N] [--rate RUNS-A-SECOND] [--pace N] [--tree-max TASKS] [--upgrade-from COMMIT] [--json] [--keep]
chaos --mutants [NAME] [--json]

Runs worker processes, a record and a queue under faults, and checks the record afterwards. Ends with 1 on any
violation. The seed replays plans, model and schedule of faults.
  --mix   ${FAULT_KINDS.join(', ')}
  --pace  4: four times as long from one fault to the next of its kind, so that each one's recovery can be told.
  --upgrade-from  begins with workers of that commit, migrates under them, and goes on with both; 3 if it is not there.
  --mutants  applies each mutant to a copy of the sources; ends with 1 if one survives. NAME: those whose name holds it.`

/** Throws an Error that says what is wrong with the arguments. */
export function parseOptions(args: readonly string[], drawSeed: () => number): Options {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  if (values.help) return { command: 'help' }
  const [only, ...more] = positionals
  if (more.length > 0 || (only !== undefined && !values.mutants))
    throw new Error(`unexpected argument "${more[0] ?? only}"; see --help`)
  if (values.mutants) return { command: 'mutants', only: only ?? null, json: values.json }
  const mix = mixOf(values.mix)
  const upgradeFrom = values['upgrade-from'] ?? null
  checkUpgrade(upgradeFrom, mix)
  return {
    command: 'campaign',
    backend: backendOf(values.backend),
    seed: values.seed === undefined ? drawSeed() : whole('--seed', values.seed, 0, 2 ** 31),
    seconds: secondsOf(values),
    mix,
    workers: whole('--workers', values.workers, 1, 16),
    rate: number('--rate', values.rate, 0.1, 1_000),
    pace: number('--pace', values.pace, 0.1, 100),
    treeMax: whole('--tree-max', values['tree-max'], 0, 10_000),
    upgradeFrom,
    json: values.json,
    keep: values.keep,
  }
}

const OPTIONS = {
  backend: { type: 'string', default: 'redis' },
  seed: { type: 'string' },
  minutes: { type: 'string' },
  seconds: { type: 'string' },
  mix: { type: 'string', default: 'all' },
  workers: { type: 'string', default: '3' },
  rate: { type: 'string', default: '3' },
  pace: { type: 'string', default: '1' },
  'tree-max': { type: 'string', default: '200' },
  'upgrade-from': { type: 'string' },
  json: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
  mutants: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

const DEFAULT_SECONDS = 60

function secondsOf({ minutes, seconds }: { minutes?: string | undefined; seconds?: string | undefined }): number {
  if (minutes !== undefined && seconds !== undefined) throw new Error('give --minutes or --seconds, not both')
  if (minutes !== undefined) return number('--minutes', minutes, 0.1, 1_440) * 60
  return seconds === undefined ? DEFAULT_SECONDS : number('--seconds', seconds, 5, 86_400)
}

function backendOf(name: string): BackendName {
  if (name === 'redis' || name === 'embedded') return name
  throw new Error(`--backend is "${name}"; expected redis or embedded`)
}

function mixOf(text: string): FaultKind[] {
  if (text === 'all') return [...FAULT_KINDS]
  if (text === 'none') return []
  const named = new Set(text.split(',').map((name) => name.trim()))
  const unknown = [...named].filter((name) => !FAULT_KINDS.some((kind) => kind === name))
  if (unknown.length > 0)
    throw new Error(`--mix: unknown faults ${unknown.join(', ')}; there are ${FAULT_KINDS.join(', ')}`)
  return FAULT_KINDS.filter((kind) => named.has(kind))
}

/** What the earlier version does not have cannot be asked of it. */
function checkUpgrade(from: string | null, mix: readonly FaultKind[]): void {
  const missing = mix.filter((kind) => kind === 'pause' || kind === 'cancel' || kind === 'poison')
  if (from !== null && missing.length > 0)
    throw new Error(
      `--upgrade-from: the campaign does not ask ${missing.join(', ')} of two versions; leave it out of --mix`,
    )
}

function number(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= min && value <= max) return value
  throw new Error(`${name} is "${text}"; expected a number from ${min} to ${max}`)
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = number(name, text, min, max)
  if (Number.isInteger(value)) return value
  throw new Error(`${name} is "${text}"; expected a whole number`)
}
