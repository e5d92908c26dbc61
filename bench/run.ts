import { createLogger, createShutdown, type ProcessEvents, type Shutdown } from '@flotilla/runtime'
import { fairShare } from './figures/fair-share.ts'
import { api } from './figures/api.ts'
import { firstTask } from './figures/first-task.ts'
import type { Bench, Figure } from './figures/figure.ts'
import { fleet } from './figures/fleet.ts'
import { growth } from './figures/growth.ts'
import { inFlight } from './figures/in-flight.ts'
import { memory } from './figures/memory.ts'
import { moneyBudget } from './figures/money-budget.ts'
import { moneyOverhead } from './figures/money-overhead.ts'
import { moneySavings } from './figures/money-savings.ts'
import { moneyStorm } from './figures/money-storm.ts'
import { shapes } from './figures/shapes.ts'
import { start } from './figures/start.ts'
import { wakeUps } from './figures/wake-ups.ts'
import { web } from './figures/web.ts'
import { readFacts, type Facts } from './machine/facts.ts'
import { USAGE, parseOptions, type FigureName, type Options } from './options.ts'
import { findPeers } from './peers/catalogue.ts'
import { INSTALL, installPeers } from './peers/installed.ts'
import { renderTable, rowsOf, type Measurement } from './report/table.ts'

const FIGURES: Readonly<Record<FigureName, Figure>> = {
  start,
  'first-task': firstTask,
  shapes,
  memory,
  'wake-ups': wakeUps,
  'fair-share': fairShare,
  'in-flight': inFlight,
  growth,
  api,
  fleet,
  web,
  'money-budget': moneyBudget,
  'money-storm': moneyStorm,
  'money-savings': moneySavings,
  'money-overhead': moneyOverhead,
}
const DRAIN_MS = 30_000
const INTERRUPTED = 130

/** Measures, and prints what it found: tables of figures as they come, or one JSON document at the end. */
async function main(args: readonly string[]): Promise<number> {
  if (args[0] === INSTALL) return installPeers()
  const options = readOptions(args)
  if (options === null) return 2
  const settings = Object.fromEntries(Object.entries(process.env).filter(([key]) => key.startsWith('FLOTILLA_')))
  const facts = readFacts(args, settings as Record<string, string>, findPeers(options.peers).versions)
  const shutdown = createShutdown({
    log: createLogger({ level: 'error', name: 'bench', pretty: true }),
    drainMs: DRAIN_MS,
  })
  shutdown.listen(interruptible)
  const say = (text: string): void => void process.stderr.write(`${text}\n`)
  const bench: Bench = { options, settings: facts.settings, shutdown, say }
  const figures: Record<string, readonly Measurement[]> = {}
  try {
    if (!options.json) print(headOf(facts))
    for (const name of options.figures) {
      const measurements: Measurement[] = []
      for await (const measurement of FIGURES[name].measure(bench)) measurements.push(measurement)
      figures[name] = measurements
      if (!options.json) print(tableOf(FIGURES[name], measurements))
    }
    if (options.json) print(JSON.stringify({ ...facts, figures }, null, 2))
    return 0
  } catch (error) {
    return await failed(error, shutdown)
  }
}

function readOptions(args: readonly string[]): Options | null {
  try {
    return parseOptions(args)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}\n`)
    return null
  }
}

/** An interrupted bench takes its services away from under the measurement, whose error then says nothing. */
async function failed(error: unknown, shutdown: Shutdown): Promise<number> {
  if (!shutdown.signal.aborted) process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  await shutdown.run('failed')
  return 1
}

/** The bench ends by itself or is interrupted; a clean end of an interrupted one is no success. */
const interruptible: ProcessEvents = {
  on: (event, listener) => process.on(event, listener),
  off: (event, listener) => process.off(event, listener),
  exit: (code) => process.exit(code === 0 ? INTERRUPTED : code),
}

const print = (text: string): void => void process.stdout.write(`${text}\n\n`)

function headOf({ at, command, commit, machine, versions, settings }: Facts): string {
  const list = (pairs: Readonly<Record<string, string>>): string =>
    Object.entries(pairs)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')
  const set = Object.keys(settings).length === 0 ? '' : `\nSettings: ${list(settings)}`
  return `${command}\n${at}, commit ${commit}\n${machine}\n${list(versions)}${set}`
}

const tableOf = ({ title, subject, columns }: Figure, measurements: readonly Measurement[]): string =>
  `### ${title}\n\n${renderTable(subject, columns, rowsOf(measurements))}`

// Each process of a fleet is ended with this one.
process.setMaxListeners(64)
process.exitCode = await main(process.argv.slice(2))
