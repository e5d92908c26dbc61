import type { Client } from '@flotilla/client'
import { ProblemError, ServerUnreachableError } from '@flotilla/client'
import type { Lanes } from '@flotilla/domain'
import { atSecond } from '../live/figures.ts'
import { keyMend, keyTrouble } from '../key-text.ts'
import { monthNearlyUsedUp } from '../month-text.ts'
import { fail, ok, warn, type Check } from './check.ts'
import { checkWorkers } from './workers.ts'

/** `limits`: FLOTILLA_RATE_LIMITS as it is set here. */
export async function checkServer(client: Client, limits?: string): Promise<Check[]> {
  try {
    const { ready, dependencies } = await client.ready()
    const down = Object.entries(dependencies).filter(([, { status }]) => status === 'down')
    if (ready)
      return [
        ok('Server', `ready at ${client.url}`),
        ...(await checkPrices(client, limits)),
        ...(await checkLanes(client)),
        ...(await checkMonth(client)),
        ...(await checkWorkers(client)),
      ]
    const why = down.map(([name, { reason }]) => `${name} is down${reason === undefined ? '' : ` (${reason})`}`)
    return [
      fail(
        'Server',
        `at ${client.url}, not ready${why.length === 0 ? '' : `: ${why.join(', ')}`}`,
        'look into its log, .flotilla/logs/api.log',
      ),
    ]
  } catch (error) {
    if (error instanceof ServerUnreachableError)
      return [warn('Server', `none at ${client.url}`, 'start it with `flotilla up`')]
    return [
      fail(
        'Server',
        error instanceof Error ? error.message : String(error),
        'give the address of a Flotilla API with --url or FLOTILLA_URL',
      ),
    ]
  }
}

/** An answer of a call that a server of an earlier version does not have. */
async function answerOf<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call
  } catch (error) {
    if (error instanceof ProblemError && error.status === 404) return null
    throw error
  }
}

export type ServedModel = Readonly<{ model: string; simulated: boolean }>

/** The model that a server chose at its start; null where none answers, which is told by the check of the server. */
export async function readServedModel(client: Client): Promise<ServedModel | null> {
  const models = await client.models().catch(() => null)
  return models?.items.find(({ uses }) => uses.includes('default')) ?? null
}

/** Limits of the month of which little is left. */
async function checkMonth(client: Client): Promise<Check[]> {
  const month = await answerOf(client.budget.get())
  if (month === null || Object.keys(month.limits).length === 0) return []
  const nearly = monthNearlyUsedUp(month)
  const until = `raise it with \`flotilla budget set\`, or wait for ${atSecond(month.resetsAt)} UTC`
  if (nearly.length > 0) return nearly.map((why) => warn('Month', why, until))
  return [ok('Month', 'its budget has room: see `flotilla budget show`')]
}

/** Models in use that have no price, or that the server cannot call. */
async function checkPrices(client: Client, limits: string | undefined): Promise<Check[]> {
  const models = await answerOf(client.models())
  if (models === null) return []
  const faults = models.items.flatMap(({ model, uses, problem, priceFrom, priceNote }): Check[] => [
    ...(problem === null
      ? []
      : [warn('Models', `${problem} (${uses.join(', ')})`, 'agents with this model cannot work')]),
    ...(priceFrom === 'unknown' ? [fail('Prices', priceNote ?? model, 'see `flotilla models`')] : []),
    ...(priceFrom === 'most_expensive' ? [warn('Prices', priceNote ?? model, 'put it into FLOTILLA_PRICES')] : []),
  ])
  const matched = new Set(models.items.map(({ priceEntry }) => priceEntry))
  const idle = models.prices.ownEntries.filter((entry) => !matched.has(entry))
  const used = models.items.map(({ model }) => model)
  const idleLimits = await idleLimitsOf(limits, used)
  const unused = [
    ...idleEntries('FLOTILLA_PRICES', idle, used),
    ...idleEntries('FLOTILLA_RATE_LIMITS', idleLimits, used),
  ]
  const prices = faults.length > 0 ? faults : [ok('Prices', `table ${models.prices.version}`)]
  return [...prices, ...unused]
}

/** Entries of a table that hold for no model in use are mostly misspelt. */
const idleEntries = (setting: string, entries: readonly string[], used: readonly string[]): Check[] =>
  entries.length === 0
    ? []
    : [
        warn(
          'Entries',
          `${setting} has ${entries.slice(0, NAMED).join(', ')}${entries.length > NAMED ? ` and ${entries.length - NAMED} more` : ''}: no model in use matches`,
          `in use are ${used.join(', ')}; correct the names, or leave what is for later`,
        ),
      ]

/** What cannot be read is told as a fault of the environment. */
async function idleLimitsOf(limits: string | undefined, used: readonly string[]): Promise<string[]> {
  if (limits === undefined) return []
  const { laneLimitsProblem, limitsWithoutModel } = await import('@flotilla/llm')
  try {
    const table: unknown = JSON.parse(limits)
    return laneLimitsProblem(table) === null ? limitsWithoutModel(table as Record<string, unknown>, used) : []
  } catch {
    return []
  }
}

/** Providers that let nothing pass now, and keys that they refuse. */
async function checkLanes(client: Client): Promise<Check[]> {
  const lanes = await answerOf(client.lanes())
  if (lanes === null) return []
  const keys = checkKeys(lanes)
  const closed = lanes.items.filter(
    ({ state, earlierKey }) => !earlierKey && (state === 'closed' || state === 'circuit_open'),
  )
  const told = closed.map(({ id, state, closedUntil, why, waitingTasks }) => {
    const trouble = keyTrouble(why)
    return warn(
      'Lane',
      `${id} ${state === 'closed' ? 'is closed' : 'has an open circuit'} until ${atSecond(closedUntil ?? '')} UTC: ${why ?? 'no reason was recorded'}${waitingTasks === 0 ? '' : `; ${waitingTasks} ${waitingTasks === 1 ? 'task waits' : 'tasks wait'}`}`,
      trouble === null
        ? 'it opens by itself; `flotilla lanes` shows it, FLOTILLA_FALLBACK_MODELS names models that stand in'
        : trouble.is === 'no_quota'
          ? `${keyMend(why)}; it opens by itself then, or with \`flotilla runs resume\` of a run that is paused for it`
          : `correct ${trouble.setting} and restart: another key has a lane of its own`,
    )
  })
  if (keys.length + told.length > 0) return [...keys, ...told]
  return lanes.items.length === 0 ? [] : [ok('Lanes', `${lanes.items.length} open`)]
}

const NAMED = 3

/** Runs that rest for their key, with what is left to do: of a key that was replaced since, only the resume. */
function checkKeys({ items, refusedKeys }: Lanes): Check[] {
  const [refused] = refusedKeys
  if (refused === undefined) return []
  const { why } = refused
  const of = items.filter((lane) => lane.why === why)
  const isReplaced = of.length > 0 && of.every(({ earlierKey }) => earlierKey)
  const paused = refusedKeys.map(({ runId }) => runId).slice(0, NAMED)
  const more = refusedKeys.length > NAMED ? ` and ${refusedKeys.length - NAMED} more` : ''
  const runs = `${refusedKeys.length} ${refusedKeys.length === 1 ? 'run is' : 'runs are'} paused for it`
  const resume = `\`flotilla runs resume\` ${paused.join(', ')}${more}`
  if (isReplaced) return [warn('Key', `another key is set than the one that was refused, and ${runs}: ${why}`, resume)]
  const what = keyTrouble(why)?.is === 'no_quota' ? 'the quota of a key is used up' : 'a provider refuses its key'
  return [fail('Key', `${what}, and ${runs}: ${why}`, `${keyMend(why)}, then ${resume}`)]
}
