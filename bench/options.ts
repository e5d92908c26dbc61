import { parseArgs } from 'node:util'

const MONEY = ['money-budget', 'money-storm', 'money-savings', 'money-overhead'] as const
export const FIGURES = [
  'start',
  'first-task',
  'shapes',
  'memory',
  'wake-ups',
  'fair-share',
  'in-flight',
  'growth',
  'api',
  'fleet',
  'web',
  ...MONEY,
] as const
export type FigureName = (typeof FIGURES)[number]
/** Figures that are asked for together. */
const GROUPS = { all: FIGURES, money: MONEY } as const
export const BACKENDS = ['redis', 'embedded'] as const
/** Where the queue is: in a Redis, or in the record's Postgres. */
export type Backend = (typeof BACKENDS)[number]
export const SHAPES = ['diamond-10', 'chain-10', 'fan-100'] as const
export type ShapeName = (typeof SHAPES)[number]
export const PEERS = ['bullmq', 'restate', 'dbos', 'langgraph'] as const
export type PeerName = (typeof PEERS)[number]

export type Options = Readonly<{
  figures: readonly FigureName[]
  backends: readonly Backend[]
  shapes: readonly ShapeName[]
  reps: number
  /** How long one measurement of throughput is to last. */
  seconds: number
  /** Over how many seconds the use of a rate limit is counted. */
  windowSeconds: number
  /** Model calls that are held at once, and how long each lasts. */
  calls: number
  callSeconds: number
  /** Of the events of busy runs. */
  readers: number
  /** Finished tasks in a grown record. */
  history: number
  /** How long an idle fleet's queries are counted. */
  idleSeconds: number
  json: boolean
  /** Who is measured on the same work, too. */
  peers: readonly PeerName[]
  /** Cold starts also with an empty npm cache and pnpm store. */
  coldFull: boolean
  /** Where profiles of the workers and statements of the database go; null for none. */
  profile: string | null
}>

export const USAGE = `npm run --silent bench -- [${[...FIGURES, ...Object.keys(GROUPS)].join('|')}] [options]
  --backend redis|embedded|both   where the queue is (both)
  --reps N                        repetitions of each measurement (3)
  --seconds S                     how long one measurement of throughput, or of the money's overhead, lasts (5)
  --window S                      over how long a rate limit's use is counted (40)
  --calls N                       model calls in flight (2000)
  --call-seconds S                how long each of them lasts (30)
  --readers N                     of the events of busy runs (1000)
  --history N                     finished tasks in a grown record (1000000)
  --idle-seconds S                how long the queries of an idle fleet are counted (20)
  --shapes a,b                    of ${SHAPES.join(', ')} (all)
  --peers [a,b]                   measure others on the same work, too: of ${PEERS.join(', ')} (all)
  --cold-full                     cold starts also with an empty npm cache
  --profile DIR                   write CPU profiles of the workers and the database's statements; figures suffer
  --json                          one JSON document instead of tables
npm run --silent bench -- peers-install   fetches the peers of bench/peers, which are no dependencies`

/** Throws an Error that says what was expected. */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: withPeers(args),
    allowPositionals: true,
    options: {
      backend: { type: 'string', default: 'both' },
      reps: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '5' },
      window: { type: 'string', default: '40' },
      calls: { type: 'string', default: '2000' },
      'call-seconds': { type: 'string', default: '30' },
      readers: { type: 'string', default: '1000' },
      history: { type: 'string', default: '1000000' },
      'idle-seconds': { type: 'string', default: '20' },
      shapes: { type: 'string', default: SHAPES.join(',') },
      peers: { type: 'string' },
      'cold-full': { type: 'boolean', default: false },
      profile: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const [figure = 'all', ...more] = positionals
  if (more.length > 0) throw new Error(`expected one figure, found ${positionals.join(' ')}`)
  return {
    figures: isGroup(figure) ? GROUPS[figure] : [oneOf('figure', FIGURES, figure)],
    backends: values.backend === 'both' ? BACKENDS : [oneOf('--backend', BACKENDS, values.backend)],
    shapes: values.shapes.split(',').map((name) => oneOf('--shapes', SHAPES, name)),
    reps: number('--reps', values.reps, 1, 100),
    seconds: number('--seconds', values.seconds, 0.1, 600),
    windowSeconds: number('--window', values.window, 0.1, 600),
    calls: number('--calls', values.calls, 1, 5_000),
    callSeconds: number('--call-seconds', values['call-seconds'], 0.1, 600),
    readers: number('--readers', values.readers, 1, 10_000),
    history: number('--history', values.history, 1, 100_000_000),
    idleSeconds: number('--idle-seconds', values['idle-seconds'], 0.1, 600),
    json: values.json,
    peers: values.peers?.split(',').map((name) => oneOf('--peers', PEERS, name)) ?? [],
    coldFull: values['cold-full'],
    profile: values.profile ?? null,
  }
}

/** `--peers` alone means all of them; a figure may follow it. */
const withPeers = (args: readonly string[]): string[] =>
  args.map((arg, i) => {
    const next = args[i + 1] ?? '-'
    const alone = next.startsWith('-') || isGroup(next) || FIGURES.some((figure) => figure === next)
    return arg === '--peers' && alone ? `--peers=${PEERS.join(',')}` : arg
  })

const isGroup = (name: string): name is keyof typeof GROUPS => name in GROUPS

function oneOf<T extends string>(name: string, allowed: readonly T[], value: string): T {
  const found = allowed.find((each) => each === value)
  if (found === undefined) throw new Error(`${name}: expected one of ${allowed.join(', ')}, found "${value}"`)
  return found
}

function number(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (Number.isNaN(value) || value < min || value > max || (min === 1 && !Number.isInteger(value)))
    throw new Error(`${name}: expected ${min} to ${max}, found "${text}"`)
  return value
}
