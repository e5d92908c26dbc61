import { spawn } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import * as v from 'valibot'
import { VIOLATION_KINDS } from '../history/history.ts'
import type { Killer } from './mutant.ts'

/** `by`: the tests that failed, or the kinds of violation that were found. `detail`: what the first of them said. */
export type Verdict = Readonly<{ killed: boolean; by: readonly string[]; detail: string }>

type Environment = Readonly<Record<string, string>>

/** Runs a killer against the sources in `root`; `env` is for tests alone. Throws when it did not run, as when it has no test. */
export const runKiller = (root: string, killer: Killer, env: Environment): Promise<Verdict> =>
  killer.by === 'tests' ? runTests(root, killer, env) : runCampaign(root, killer)

const TestReport = v.object({
  numTotalTests: v.number(),
  testResults: v.array(
    v.object({
      status: v.string(),
      message: v.optional(v.string()),
      assertionResults: v.array(
        v.object({ fullName: v.string(), status: v.string(), failureMessages: v.optional(v.array(v.string()), []) }),
      ),
    }),
  ),
})

async function runTests(root: string, killer: Extract<Killer, { by: 'tests' }>, env: Environment): Promise<Verdict> {
  const report = path.join(root, 'mutant-report.json')
  await rm(report, { force: true })
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs')
  // The first failure is enough, and a hang is one.
  const args = [
    'run',
    '--project',
    killer.project,
    '--bail=1',
    '--testTimeout=15000',
    '--reporter=json',
    `--outputFile=${report}`,
  ]
  const { output } = await runToEnd([vitest, ...args, ...killer.files], root, env)
  const text = await readFile(report, 'utf8').catch(() => null)
  if (text === null) throw new Error(`${killer.files.join(', ')} did not run: ${output.slice(-2_000)}`)
  const { numTotalTests, testResults } = v.parse(TestReport, JSON.parse(text))
  const failed = testResults.flatMap((file) => file.assertionResults.filter(({ status }) => status === 'failed'))
  // After the first failure the files that had not begun are told as failed, too.
  const broken = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  if (numTotalTests === 0 || (failed.length === 0 && broken.length > 0))
    throw new Error(`${killer.files.join(', ')} did not run: ${broken[0]?.message ?? output.slice(-2_000)}`)
  const detail = failed[0]?.failureMessages[0] ?? ''
  return { killed: failed.length > 0, by: failed.map(({ fullName }) => fullName), detail }
}

const CampaignOutput = v.object({
  violations: v.array(v.object({ kind: v.picklist(VIOLATION_KINDS), detail: v.string() })),
  folder: v.nullable(v.string()),
})

async function runCampaign(root: string, killer: Extract<Killer, { by: 'campaign' }>): Promise<Verdict> {
  const { stdout, output } = await runToEnd(
    [path.join(root, 'tests', 'chaos', 'run.ts'), '--json', ...killer.args],
    root,
  )
  const report = stdout.trim() === '' ? null : v.parse(CampaignOutput, JSON.parse(stdout))
  if (report === null) throw new Error(`the campaign ${killer.args.join(' ')} did not run: ${output.slice(-2_000)}`)
  if (report.folder !== null) await rm(report.folder, { recursive: true, force: true })
  const kinds = new Set(report.violations.map(({ kind }) => kind))
  const detail = report.violations[0]?.detail ?? ''
  return { killed: killer.violations.some((kind) => kinds.has(kind)), by: [...kinds], detail }
}

async function runToEnd(
  args: readonly string[],
  cwd: string,
  env: Environment = {},
): Promise<{ stdout: string; output: string }> {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', output: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text
    said.output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.output += text))
  const end = (): void => void child.kill('SIGTERM')
  process.once('exit', end)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  child.once('error', reject)
  child.once('close', () => resolve())
  await promise
  process.off('exit', end)
  return said
}
