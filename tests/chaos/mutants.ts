import { CATALOGUE } from './mutants/catalogue.ts'
import { openLane, type Lane } from './mutants/lane.ts'
import type { Killer, Mutant } from './mutants/mutant.ts'
import type { MutantOptions } from './options.ts'

export type MutantResult = Readonly<{
  name: string
  guards: string
  killed: boolean
  /** What noticed; or why nothing could. */
  by: readonly string[]
  seconds: number
}>

type Say = (text: string) => void

/** Tests of one run use hardly more than one core. */
const LANES = 2

/**
 * Applies each mutant to a copy of the sources and runs its killer. The killers run without a mutant first: one that
 * finds something then kills nothing. Tests run side by side, each lane with its own copy and services; campaigns, which
 * the machine's load can disturb, have it to themselves.
 */
export async function runMutants({ only }: MutantOptions, say: Say): Promise<readonly MutantResult[]> {
  const mutants = CATALOGUE.filter(({ name }) => only === null || name.includes(only))
  if (mutants.length === 0)
    throw new Error(`no mutant's name holds "${only}"; there are ${CATALOGUE.map(({ name }) => name).join(', ')}`)
  const lanes = await Promise.all(Array.from({ length: Math.min(LANES, mutants.length) }, openLane))
  try {
    await share(lanes, killersOf(mutants), (lane, killer) => checkKiller(lane, killer, say))
    const tried = await share(lanes, mutants, async (lane, mutant) => {
      const result = await tryMutant(lane, mutant)
      say(resultLine(result))
      return result
    })
    return mutants.flatMap(({ name }) => tried.find((result) => result.name === name) ?? [])
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()))
  }
}

type WithKiller = Killer | Mutant
const byTests = (one: WithKiller): boolean => ('killer' in one ? one.killer : one).by === 'tests'

/** Everything with tests in all lanes at once, then every campaign in the first one. */
async function share<T extends WithKiller, R>(
  lanes: readonly Lane[],
  all: readonly T[],
  work: (lane: Lane, one: T) => Promise<R>,
): Promise<R[]> {
  const [tests, campaigns] = [all.filter(byTests).values(), all.filter((one) => !byTests(one)).values()]
  const results: R[] = []
  const inLane = async (lane: Lane, queue: IterableIterator<T>): Promise<void> => {
    for (const one of queue) results.push(await work(lane, one))
  }
  const ended = await Promise.allSettled(lanes.map((lane) => inLane(lane, tests)))
  for (const end of ended) if (end.status === 'rejected') throw end.reason
  await Promise.all(lanes.slice(0, 1).map((lane) => inLane(lane, campaigns)))
  return results
}

async function checkKiller(lane: Lane, killer: Killer, say: Say): Promise<void> {
  const { killed, by, detail } = await lane.run(killer)
  const name = killer.by === 'tests' ? killer.files.join(', ') : `the campaign ${killer.args.join(' ')}`
  if (killed) throw new Error(`${name} fails without a mutant: ${by.join(', ')}: ${detail}`)
  say(`${name}: nothing found without a mutant`)
}

/** Each campaign once; all test files of a project together. */
function killersOf(mutants: readonly Mutant[]): Killer[] {
  const killers = new Map<string, Killer>()
  for (const { killer } of mutants) {
    const key = killer.by === 'tests' ? killer.project : killer.args.join(' ')
    const known = killers.get(key)
    if (killer.by === 'campaign' || known?.by !== 'tests') killers.set(key, killer)
    else killers.set(key, { ...known, files: [...new Set([...known.files, ...killer.files])] })
  }
  return [...killers.values()]
}

/** A killer that cannot run has killed nothing, and says why. */
async function tryMutant(lane: Lane, { name, guards, edits, killer }: Mutant): Promise<MutantResult> {
  const startedAt = performance.now()
  const { killed, by } = await lane.withEdits(edits, () =>
    lane.run(killer).catch((error: unknown) => ({
      killed: false,
      by: [error instanceof Error ? error.message : String(error)],
    })),
  )
  return { name, guards, killed, by, seconds: (performance.now() - startedAt) / 1_000 }
}

function resultLine({ name, killed, by, seconds }: MutantResult): string {
  return `${killed ? '✓ killed  ' : '✗ SURVIVED'} ${name.padEnd(34)} ${seconds.toFixed(0).padStart(4)} s  ${by[0] ?? ''}${by.length > 1 ? ` and ${by.length - 1} more` : ''}`
}

export function renderMutants(results: readonly MutantResult[]): string {
  const survivors = results.filter(({ killed }) => !killed)
  const guards = survivors.map(({ name, guards: what }) => `  ${name}: ${what}`)
  return [...results.map(resultLine), `${results.length} mutants, ${survivors.length} survived`, ...guards].join('\n')
}
