import { runCampaign } from './campaign.ts'
import { NoEarlierVersion } from './ground/earlier-version.ts'
import { renderMutants, runMutants } from './mutants.ts'
import { parseOptions, USAGE, type CampaignOptions, type MutantOptions } from './options.ts'
import { progressLine } from './progress.ts'
import { renderReport, replayCommand } from './report.ts'

const say = (text: string): void => void process.stderr.write(`${text}\n`)
const print = (text: string): void => void process.stdout.write(`${text}\n`)

/** Where nobody looks on, as in CI, a line now and then will do. */
const PROGRESS_SECONDS = process.stderr.isTTY ? 1 : 5

async function campaign(options: CampaignOptions): Promise<number> {
  say(`replay: ${replayCommand(options)}`)
  const report = await runCampaign(options, (standing) => {
    if (standing.seconds % PROGRESS_SECONDS === 0) say(progressLine(standing))
  })
  print(options.json ? JSON.stringify(report) : renderReport(report))
  return report.violations.length === 0 ? 0 : 1
}

async function mutants(options: MutantOptions): Promise<number> {
  const results = await runMutants(options, say)
  print(options.json ? JSON.stringify(results) : renderMutants(results))
  return results.every(({ killed }) => killed) ? 0 : 1
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), () => Math.floor(Math.random() * 1e6))
  switch (options.command) {
    case 'help':
      print(USAGE)
      return 0
    case 'mutants':
      return mutants(options)
    case 'campaign':
      return campaign(options)
  }
}

// What a campaign has started ends at this process's exit, which a signal's own way out does not pass.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  process.once(signal, () => process.exit(code))

try {
  process.exit(await main())
} catch (error) {
  if (error instanceof NoEarlierVersion) {
    say(`chaos: ${error.message}`)
    process.exit(3)
  }
  say(`chaos: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  process.exit(2)
}
