import { changedFields, type Agent, type AgentVersion } from '@flotilla/domain'
import { connect, withServer } from '../connection.ts'
import { EXIT, type Context, type Register, type ServerOptions } from '../context.ts'
import { wholeNumber } from '../input/values.ts'
import { atSecond } from '../live/figures.ts'
import { manyLines, oneLine } from '../live/terminal-text.ts'
import { table } from '../table.ts'

interface ListOptions extends ServerOptions {
  readonly role?: string
  readonly limit: number
  readonly cursor?: string
}

export const registerAgents: Register = (program, context) => {
  const agents = program.command('agents').description('list and show the agents that do the work')
  withServer(agents.command('list'))
    .description('list agents')
    .option('--role <role>', 'only agents of this role')
    .option('--limit <n>', 'how many', wholeNumber(1, 1_000), 100)
    .option('--cursor <cursor>', 'go on after an earlier list')
    .action(async (options: ListOptions) => void (context.exitCode = await list(context, options)))
  withServer(agents.command('show'))
    .description('show an agent with its instructions')
    .argument('<id>')
    .action(async (id: string, options: ServerOptions) => void (context.exitCode = await show(context, id, options)))
  withServer(agents.command('versions'))
    .description('what an agent is and was, newest first, and what each version changed')
    .argument('<id>')
    .option('--limit <n>', 'how many', wholeNumber(1, 1_000), 20)
    .option('--cursor <cursor>', 'go on after an earlier list')
    .action(
      async (id: string, options: VersionsOptions) => void (context.exitCode = await versions(context, id, options)),
    )
}

interface VersionsOptions extends ServerOptions {
  readonly limit: number
  readonly cursor?: string
}

async function list(context: Context, options: ListOptions): Promise<number> {
  const { terminal } = context
  const { role, limit, cursor } = options
  const page = await connect(context, options).agents.list({ role, limit, cursor })
  if (options.json) {
    terminal.out(JSON.stringify(page))
    return EXIT.done
  }
  if (page.items.length === 0)
    terminal.err(
      role === undefined ? 'No agents.' : `No agents of the role ${role}; a plan that needs one gets a drafted agent.`,
    )
  else terminal.out(table(COLUMNS, page.items.map(rowOf)))
  if (page.nextCursor !== null) terminal.err(`More: flotilla agents list --cursor ${oneLine(page.nextCursor)}`)
  return EXIT.done
}

const COLUMNS = [
  { head: 'AGENT' },
  { head: 'ROLE' },
  { head: 'NAME', max: 30 },
  { head: 'ORIGIN' },
  { head: 'MODEL', max: 30 },
  { head: 'DESCRIPTION' },
] as const

const rowOf = (agent: Agent): string[] => [
  agent.id,
  agent.role,
  agent.name,
  agent.enabled ? agent.origin : `${agent.origin}, off`,
  agent.model ?? '(system)',
  agent.description,
]

/** Empty where all is as the system has it. */
const settingsText = (settings: Readonly<Record<string, unknown>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .join(', ')

async function show(context: Context, id: string, options: ServerOptions): Promise<number> {
  const agent = await connect(context, options).agents.get(id)
  const { terminal } = context
  if (options.json) {
    terminal.out(JSON.stringify(agent))
    return EXIT.done
  }
  const facts: [string, string][] = [
    ['id', `${agent.id} (version ${agent.version}, ${agent.origin}${agent.enabled ? '' : ', off'})`],
    ['name', agent.name],
    ['role', agent.role],
    ['model', agent.model ?? "the system's working model"],
    ['capabilities', agent.capabilities.join(', ')],
    ['tools', agent.tools.join(', ')],
    ['limits', `${agent.maxTurns} turns, ${agent.maxOutputTokens.toLocaleString('en')} tokens a reply`],
    ['calls', settingsText(agent.modelSettings)],
    ['about', agent.description],
  ]
  for (const [name, value] of facts) if (value !== '') terminal.out(`${name.padEnd(13)}${oneLine(value)}`)
  if (agent.systemPrompt !== '') terminal.out(`\n${manyLines(agent.systemPrompt).trimEnd()}`)
  return EXIT.done
}

async function versions(context: Context, id: string, options: VersionsOptions): Promise<number> {
  const { terminal } = context
  const { limit, cursor } = options
  const page = await connect(context, options).agents.versions(id, { limit, cursor })
  if (options.json) {
    terminal.out(JSON.stringify(page))
    return EXIT.done
  }
  const rows = page.items.map((version, i) => {
    const before = page.items[i + 1]
    return [String(version.version), atSecond(version.since), changesText(version, before, page.nextCursor === null)]
  })
  terminal.out(
    table([{ head: 'VERSION', align: 'right' }, { head: 'SINCE (UTC)' }, { head: 'CHANGED', max: 100 }], rows),
  )
  if (page.nextCursor !== null)
    terminal.err(`More: flotilla agents versions ${id} --cursor ${oneLine(page.nextCursor)}`)
  return EXIT.done
}

/** `complete`: no page comes after this one. */
function changesText(version: AgentVersion, before: AgentVersion | undefined, complete: boolean): string {
  if (before !== undefined) return changedFields(before.definition, version.definition).join(', ')
  if (!complete) return '(see the next page)'
  return version.version === 1 ? '(the first one)' : '(no earlier one was kept)'
}
