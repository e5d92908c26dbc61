import { connect, withServer } from '../connection.ts'
import { EXIT, type Context, type Register, type ServerOptions } from '../context.ts'
import type { Check } from '../doctor/check.ts'
import { checkTools } from '../doctor/custom-tools.ts'
import { checkBaseUrls, checkOwnPrices } from '../doctor/providers.ts'
import { checkServer, readServedModel } from '../doctor/server.ts'
import { checkDataDir, checkEnvironment, checkNode } from '../doctor/surroundings.ts'
import { programProblems } from '../program-settings.ts'
import { oneLine } from '../live/terminal-text.ts'

export const registerDoctor: Register = (program, context) => {
  withServer(program.command('doctor'))
    .summary('check what Flotilla needs, and say how to mend it')
    .description(
      'Checks Node, settings, data directory, database, queue, models, tools and the server. Exit code 1 if something fails.',
    )
    .action(async (options: ServerOptions) => void (context.exitCode = await doctor(context, options)))
}

async function doctor(context: Context, options: ServerOptions): Promise<number> {
  const { config, terminal } = context
  const services = await import('../doctor/services.ts')
  const client = connect(context, options)
  const served = readServedModel(client)
  const found = await Promise.all([
    checkEnvironment(config, [...context.problems, ...(await programProblems(config, context.problems))]),
    checkDataDir(config.dataDir),
    services.checkDatabase(config),
    services.checkQueue(config),
    served.then((model) => services.checkModels(config.models, model)),
    served.then((model) => checkOwnPrices(config, model)),
    checkBaseUrls(config.models),
    checkTools(config),
    checkServer(client, config.environment['FLOTILLA_RATE_LIMITS']),
  ])
  const checks = [checkNode(process.versions.node), ...found.flat()]
  const failed = checks.filter(({ status }) => status === 'fail').length
  if (options.json) terminal.out(JSON.stringify({ ok: failed === 0, checks }))
  else for (const check of checks) terminal.out(checkText(check, context))
  if (!options.json) terminal.err(summaryOf(checks))
  return failed === 0 ? EXIT.done : EXIT.failed
}

function summaryOf(checks: readonly Check[]): string {
  const count = (wanted: Check['status']): number => checks.filter(({ status }) => status === wanted).length
  if (count('fail') > 0) return `${count('fail')} of ${checks.length} checks failed.`
  if (count('warn') > 0) return `Nothing failed; ${count('warn')} of ${checks.length} checks warn: see above.`
  return 'Nothing stands in the way.'
}

const STYLE = { ok: 'green', warn: 'yellow', fail: 'red' } as const
const NAME_COLUMNS = 14

function checkText({ name, status, detail, mend }: Check, { terminal }: Context): string {
  const line = `${terminal.paintOut(STYLE[status], status.padEnd(5))} ${name.padEnd(NAME_COLUMNS)} ${oneLine(detail)}`
  return mend === undefined ? line : `${line}\n${' '.repeat(NAME_COLUMNS + 7)}→ ${oneLine(mend)}`
}
