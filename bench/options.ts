import { parseArgs } from 'node:util'

export const FIGURES = ['start', 'first-task', 'shapes', 'memory', 'wake-ups'] as const
export type FigureName = (typeof FIGURES)[number]
export const BACKENDS = ['redis', 'embedded'] as const
/** Where the queue is: in a Redis, or in the record's Postgres. */
export type Backend = (typeof BACKENDS)[number]
export const SHAPES = ['diamond-10', 'chain-10', 'fan-100'] as const
export type ShapeName = (typeof SHAPES)[number]

export type Options = Readonly<{
  figures: readonly FigureName[]
  backends: readonly Backend[]
  shapes: readonly ShapeName[]
  reps: number
  /** How long one measurement of throughput is to last. */
  seconds: number
  json: boolean
  /** Measures BullMQ alone on the same work, too. */
  peers: boolean
  /** Cold starts also with an empty npm cache and pnpm store. */
  coldFull: boolean
  /** Where profiles of the workers and statements of the database go; null for none. */
  profile: string | null
}>

export const USAGE = `npm run --silent bench -- [start|first-task|shapes|memory|wake-ups|all] [options]
  --backend redis|embedded|both   where the queue is (both)
  --reps N                        repetitions of each measurement (3)
  --seconds S                     how long one measurement of throughput lasts (5)
  --shapes a,b                    of ${SHAPES.join(', ')} (all)
  --peers                         measure BullMQ flows alone on the same work, too
  --cold-full                     cold starts also with an empty npm cache
  --profile DIR                   write CPU profiles of the workers and the database's statements; figures suffer
  --json                          one JSON document instead of tables`

/** Throws an Error that says what was expected. */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      backend: { type: 'string', default: 'both' },
      reps: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '5' },
      shapes: { type: 'string', default: SHAPES.join(',') },
      peers: { type: 'boolean', default: false },
      'cold-full': { type: 'boolean', default: false },
      profile: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const [figure = 'all', ...more] = positionals
  if (more.length > 0) throw new Error(`expected one figure, found ${positionals.join(' ')}`)
  return {
    figures: figure === 'all' ? FIGURES : [oneOf('figure', FIGURES, figure)],
    backends: values.backend === 'both' ? BACKENDS : [oneOf('--backend', BACKENDS, values.backend)],
    shapes: values.shapes.split(',').map((name) => oneOf('--shapes', SHAPES, name)),
    reps: number('--reps', values.reps, 1, 100),
    seconds: number('--seconds', values.seconds, 0.1, 600),
    json: values.json,
    peers: values.peers,
    coldFull: values['cold-full'],
    profile: values.profile ?? null,
  }
}

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
