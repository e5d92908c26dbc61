import { CATALOGUE } from './mutants/catalogue.ts'
import type { Killer, Mutant } from './mutants/mutant.ts'
import { runKiller, type Verdict } from './mutants/run-killer.ts'
import { startKillerServices, type KillerServices } from './mutants/killer-services.ts'
import { copySources, type SourceCopy } from './mutants/source-copy.ts'
import type { MutantOptions } from './options.ts'

export type MutantResult = Readonly<{
  name: string
  guards: string
  killed: boolean
  by: readonly string[]
  seconds: number
}>

/**
 * Applies each mutant to a copy of the sources and runs its killer. The killers run without a mutant first: one that
 * finds something then kills nothing.
 */
export async function runMutants(
  { only }: MutantOptions,
  say: (text: string) => void,
): Promise<readonly MutantResult[]> {
  const mutants = CATALOGUE.filter(({ name }) => only === null || name.includes(only))
  if (mutants.length === 0)
    throw new Error(`no mutant's name holds "${only}"; there are ${CATALOGUE.map(({ name }) => name).join(', ')}`)
  const copy = await copySources()
  const services = await startKillerServices()
  const place = { copy, services }
  try {
    await checkKillers(place, mutants, say)
    const results: MutantResult[] = []
    for (const mutant of mutants) {
      const result = await tryMutant(place, mutant)
      say(resultLine(result))
      results.push(result)
    }
    return results
  } finally {
    await Promise.all([services.stop(), copy.remove()])
  }
}

type Place = Readonly<{ copy: SourceCopy; services: KillerServices }>

async function checkKillers(place: Place, mutants: readonly Mutant[], say: (text: string) => void): Promise<void> {
  for (const killer of killersOf(mutants)) {
    const { killed, by } = await run(place, killer)
    const name = killer.by === 'tests' ? killer.files.join(', ') : `the campaign ${killer.args.join(' ')}`
    if (killed) throw new Error(`${name} fails without a mutant: ${by.join(', ')}`)
    say(`${name}: nothing found without a mutant`)
  }
}

async function run({ copy, services }: Place, killer: Killer): Promise<Verdict> {
  if (killer.by === 'tests') await services.forget()
  return runKiller(copy.root, killer, services.env)
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

async function tryMutant(place: Place, { name, guards, edits, killer }: Mutant): Promise<MutantResult> {
  const startedAt = performance.now()
  const takeBack = await place.copy.edit(edits)
  try {
    const verdict = await run(place, killer)
    return { name, guards, ...verdict, seconds: (performance.now() - startedAt) / 1_000 }
  } finally {
    await takeBack()
  }
}

function resultLine({ name, killed, by, seconds }: MutantResult): string {
  return `${killed ? '✓ killed  ' : '✗ SURVIVED'} ${name.padEnd(34)} ${seconds.toFixed(0).padStart(4)} s  ${by[0] ?? ''}${by.length > 1 ? ` and ${by.length - 1} more` : ''}`
}

export function renderMutants(results: readonly MutantResult[]): string {
  const survivors = results.filter(({ killed }) => !killed)
  const guards = survivors.map(({ name, guards: what }) => `  ${name}: ${what}`)
  return [...results.map(resultLine), `${results.length} mutants, ${survivors.length} survived`, ...guards].join('\n')
}
