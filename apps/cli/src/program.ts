import { Command } from 'commander'
import { registerAgents } from './commands/agents.ts'
import { registerApprovals } from './commands/approvals.ts'
import { registerBudget } from './commands/budget.ts'
import { registerCleanup } from './commands/cleanup.ts'
import { registerCosts } from './commands/costs.ts'
import { registerDead } from './commands/dead.ts'
import { registerDoctor } from './commands/doctor.ts'
import { registerLanes } from './commands/lanes.ts'
import { registerMigrate } from './commands/migrate.ts'
import { registerModels } from './commands/models.ts'
import { registerPlan } from './commands/plan.ts'
import { registerRun } from './commands/run.ts'
import { registerRuns } from './commands/runs.ts'
import { registerStart } from './commands/start.ts'
import { registerUp } from './commands/up.ts'
import type { Context } from './context.ts'
import { CORRECT_ENVIRONMENT, UsageError } from './problem-text.ts'

/** The whole command line. Errors of use are thrown as CommanderError, once they are told; with `json` the caller tells them. */
export function createProgram(context: Context, { version, json }: { version: string; json: boolean }): Command {
  const { terminal } = context
  const program = new Command('flotilla')
    .description(
      'Gives goals to a fleet of LLM agents: plans them, works on them in parallel, checks and records what comes out.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help of a command')
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => (json ? undefined : terminal.err(text.trimEnd())),
    })
    .showHelpAfterError('(add --help for what can be given)')
    .exitOverride()
    .addHelpText('after', INTRODUCTION)
  program.commandsGroup('System:')
  registerUp(program, context)
  registerStart(program, context)
  registerDoctor(program, context)
  registerMigrate(program, context)
  registerCleanup(program, context)
  program.commandsGroup('Work:')
  registerRun(program, context)
  registerRuns(program, context)
  registerPlan(program, context)
  registerApprovals(program, context)
  registerDead(program, context)
  registerAgents(program, context)
  program.commandsGroup('Money:')
  registerBudget(program, context)
  registerCosts(program, context)
  registerModels(program, context)
  registerLanes(program, context)
  program.hook('preAction', (_, command) => refuseWrongEnvironment(context, command))
  return program
}

const INTRODUCTION = `
Start here:
  flotilla up                                            the whole system, on this machine
  flotilla run "Compare these documents" --docs ./docs   a goal, in a second terminal
  flotilla runs list                                     what was run
  flotilla doctor                                        what is wrong, and how to mend it

From a checkout: npm run --silent flotilla -- <command>. Settings: .env.example.`

function refuseWrongEnvironment({ problems }: Context, command: Command): void {
  if (problems.length === 0 || command.name() === 'doctor') return
  throw new UsageError([...problems, CORRECT_ENVIRONMENT])
}
