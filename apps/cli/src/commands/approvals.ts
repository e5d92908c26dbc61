import {
  APPROVAL_STATUSES,
  OUTCOME_DECISIONS,
  type ApprovalStatus,
  type ApprovalView,
  type OutcomeDecision,
} from '@flotilla/domain'
import { Argument, Option } from 'commander'
import { connect, withServer } from '../connection.ts'
import { EXIT, type Context, type Register, type ServerOptions } from '../context.ts'
import { wholeNumber } from '../input/values.ts'
import { atSecond } from '../live/figures.ts'
import { oneLine } from '../live/terminal-text.ts'
import { UsageError } from '../problem-text.ts'
import { table } from '../table.ts'

interface ListOptions extends ServerOptions {
  readonly status: ApprovalStatus | 'all'
  readonly run?: string
  readonly limit: number
  readonly cursor?: string
}

interface DecideOptions extends ServerOptions {
  /** False with `--no-result`. */
  readonly result?: string | false
  readonly comment?: string
  readonly by?: string
}

export const registerApprovals: Register = (program, context) => {
  const approvals = program.command('approvals').description('list, show and decide what waits for a person')
  withServer(approvals.command('list'))
    .description('list what waits for a person, the newest last; with --status also what has waited')
    .addOption(
      new Option('--status <status>', 'those in this state').choices([...APPROVAL_STATUSES, 'all']).default('pending'),
    )
    .option('--run <id>', 'only those of this run')
    .option('--limit <n>', 'how many', wholeNumber(1, 1_000), 20)
    .option('--cursor <cursor>', 'go on after an earlier list')
    .action(async (options: ListOptions) => void (context.exitCode = await list(context, options)))
  withServer(approvals.command('show'))
    .description('show an approval: what was called, and why nobody knows what came of it')
    .argument('<id>')
    .action(async (id: string, options: ServerOptions) => void (context.exitCode = await show(context, id, options)))
  withServer(approvals.command('decide'))
    .description('say what became of a tool call: it happened, repeat it, or skip it')
    .argument('<id>')
    .addArgument(new Argument('<decision>').choices(OUTCOME_DECISIONS))
    .option('--result <text>', 'with happened: what the call answered')
    .option('--no-result', 'with happened: it is not known what it answered')
    .option('--comment <text>', 'why; the agent is told')
    .option('--by <name>', 'who decides')
    .action(async (id: string, decision: OutcomeDecision, options: DecideOptions) => {
      context.exitCode = await decide(context, id, decision, options)
    })
}

async function list(context: Context, options: ListOptions): Promise<number> {
  const { terminal } = context
  const { status, run, limit, cursor } = options
  const filter = { status: status === 'all' ? undefined : status, run, limit, cursor }
  const page = await connect(context, options).approvals.list(filter)
  if (options.json) {
    terminal.out(JSON.stringify(page))
    return EXIT.done
  }
  if (page.items.length === 0) terminal.err(NOTHING[status === 'pending' ? 'pending' : 'other'])
  else terminal.out(table(COLUMNS, page.items.map(rowOf)))
  if (page.items.some((approval) => approval.status === 'pending'))
    terminal.err(`To look at one: flotilla approvals show <id>`)
  if (page.nextCursor !== null)
    terminal.err(`More: flotilla approvals list --status ${status} --cursor ${oneLine(page.nextCursor)}`)
  return EXIT.done
}

const NOTHING = {
  pending: 'Nothing waits for a person. What has waited: flotilla approvals list --status all',
  other: 'No such approvals.',
} as const

const COLUMNS = [
  { head: 'APPROVAL' },
  { head: 'STATUS' },
  { head: 'TASK', max: 24 },
  { head: 'TOOL', max: 24 },
  { head: 'DECISION' },
  { head: 'EXPIRES (UTC)' },
  { head: 'RUN' },
] as const

const rowOf = (approval: ApprovalView): string[] => [
  approval.id,
  approval.status,
  approval.taskKey ?? '',
  approval.subject.tool,
  approval.decision ?? '',
  approval.status === 'pending' ? atSecond(approval.expiresAt) : '',
  approval.runId,
]

async function show(context: Context, id: string, options: ServerOptions): Promise<number> {
  const approval = await connect(context, options).approvals.get(id)
  const { terminal } = context
  if (options.json) {
    terminal.out(JSON.stringify(approval))
    return EXIT.done
  }
  for (const [name, value] of factsOf(approval)) terminal.out(`${name.padEnd(11)}${oneLine(value)}`)
  if (approval.status !== 'pending') return EXIT.done
  terminal.err('Whether it took effect, only a look at the other system can tell. Then, one of:')
  terminal.err(`  flotilla approvals decide ${approval.id} happened --result "what it answered"    (or --no-result)`)
  terminal.err(`  flotilla approvals decide ${approval.id} repeat    make the call once more, under the same effect id`)
  terminal.err(`  flotilla approvals decide ${approval.id} skip      go on without it`)
  return EXIT.done
}

const utc = (iso: string): string => `${atSecond(iso)} UTC`

function factsOf(approval: ApprovalView): [string, string][] {
  const { subject } = approval
  const decided = approval.decision === null ? [] : [`${approval.decision}, ${utc(approval.decidedAt ?? '')}`]
  const by = approval.decidedBy === null ? [] : [`by ${approval.decidedBy}`]
  return [
    ['approval', `${approval.id}, ${approval.status}`],
    ['run', approval.runId],
    ['task', `${approval.taskKey ?? ''} (attempt ${subject.attempt}, turn ${subject.turn})`],
    ['tool', subject.tool],
    ['arguments', JSON.stringify(subject.arguments)],
    ['effect id', subject.effectId],
    ['why', subject.reason],
    ['asked', utc(approval.requestedAt)],
    ...(approval.status === 'pending' ? [['expires', utc(approval.expiresAt)] as [string, string]] : []),
    ...(decided.length === 0 ? [] : [['decided', [...decided, ...by].join(' ')] as [string, string]]),
    ...(approval.result === null ? [] : [['result', approval.result] as [string, string]]),
    ...(approval.comment === null ? [] : [['comment', approval.comment] as [string, string]]),
  ]
}

async function decide(
  context: Context,
  id: string,
  decision: OutcomeDecision,
  options: DecideOptions,
): Promise<number> {
  const { comment, by } = options
  if (decision === 'happened' && options.result === undefined) throw new UsageError([WHAT_DID_IT_ANSWER])
  const result = options.result === false ? undefined : options.result
  const approval = await connect(context, options).approvals.decide(id, { decision, result, comment, by })
  const { terminal } = context
  if (options.json) terminal.out(JSON.stringify(approval))
  else terminal.out(`${approval.id} is decided: ${decision}. ${WHAT_NOW[decision]}`)
  return EXIT.done
}

const WHAT_DID_IT_ANSWER =
  'what did the call answer? Give it with --result "…": the agent goes on with it, and it cannot be added later. Give --no-result where it is not known.'

const WHAT_NOW: Readonly<Record<OutcomeDecision, string>> = {
  happened: 'The agent is told, and the task goes on.',
  repeat: 'The call is made once more, and the task goes on.',
  skip: 'The agent is told that it failed, and the task goes on.',
}
