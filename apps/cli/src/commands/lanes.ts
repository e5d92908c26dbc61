import type { Lanes, LaneView } from '@flotilla/domain'
import { connect, withServer } from '../connection.ts'
import { EXIT, type Register, type ServerOptions } from '../context.ts'
import { atSecond, count } from '../live/figures.ts'
import { oneLine } from '../live/terminal-text.ts'
import { table } from '../table.ts'

export const registerLanes: Register = (program, context) => {
  withServer(program.command('lanes'))
    .summary('what the providers let pass, and what waits for them')
    .description(
      'A lane for each provider, model and key: whether it is open, what passed in the last minute of what may, and which tasks wait for it. Lanes whose limits you have set are there before the first call; those that nothing uses any more are left out after a day.',
    )
    .action(async (options: ServerOptions) => {
      const lanes = await connect(context, options).lanes()
      context.terminal.out(options.json ? JSON.stringify(lanes) : lanesText(lanes))
      context.exitCode = EXIT.done
    })
}

const COLUMNS = [
  { head: 'LANE', max: 60 },
  { head: 'STATE', max: 56 },
  { head: 'LAST MINUTE', max: 60 },
  { head: 'WAITING', align: 'right' },
  { head: 'WHY', max: 80 },
] as const

/** A line for each lane, then what waits, then the runs whose key was refused. */
export function lanesText({ items, waiting, refusedKeys }: Lanes): string {
  const lanes =
    items.length === 0
      ? ['No lanes: no real model was called yet, and no limits of one are set. A simulated one has none.']
      : [table(COLUMNS, items.map(rowOf))]
  const waits = waiting.map(
    ({ tasks, why, lane, until }) =>
      `  ${tasks} ${tasks === 1 ? 'task' : 'tasks'} until ${atSecond(until)} UTC${lane === null ? '' : ` for ${lane}`}: ${why ?? 'no reason was recorded'}`,
  )
  const refused = refusedKeys.map(
    ({ runId, why }) => `  ${runId}: ${why}. Correct the key, then: flotilla runs resume ${runId}`,
  )
  return [
    ...lanes,
    ...(waits.length === 0 ? [] : ['', 'Waiting', ...waits.map(indented)]),
    ...(refused.length === 0 ? [] : ['', 'Paused, for the key was refused', ...refused.map(indented)]),
  ].join('\n')
}

const indented = (line: string): string => `  ${oneLine(line.trimStart())}`

const rowOf = (lane: LaneView): string[] => [
  lane.id,
  stateOf(lane),
  metersOf(lane),
  String(lane.waitingTasks),
  lane.state === 'open' ? '' : (lane.why ?? ''),
]

const stateOf = (lane: LaneView): string => `${passesOf(lane)}${lane.earlierKey ? ', of an earlier key' : ''}`

function passesOf({ state, closedUntil, pace }: LaneView): string {
  const until = closedUntil === null ? '' : ` until ${atSecond(closedUntil)} UTC`
  if (state === 'closed') return `closed${until}`
  if (state === 'circuit_open') return `circuit open${until}`
  return state === 'opening' ? `opening, at ${Math.round(100 * pace)}% of its pace` : state
}

const NAMES = { requests: 'requests', tokens: 'tokens', inputTokens: 'input', outputTokens: 'output' } as const

const metersOf = ({ meters }: LaneView): string =>
  meters
    .filter(({ name, limit }) => limit !== null || name === 'requests' || name === 'tokens')
    .map(({ name, limit, from, used }) =>
      limit === null
        ? `${NAMES[name]} ${count(used)}`
        : `${NAMES[name]} ${count(used)} of ${count(limit)}${from === 'configured' ? '' : ` (${from})`}`,
    )
    .join(', ')
