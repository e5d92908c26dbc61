import { spawn } from 'node:child_process'
import path from 'node:path'
import { describeOnEachBackend } from '@flotilla/testing'
import { expect, test } from 'vitest'
import { ROOT } from './fixture/program.ts'

/** The release before this one. */
const EARLIER = 'b0a670d'
/** The exit code of a campaign whose earlier version is not to be had, as in a clone without history. */
const NOT_THERE = 3

type Report = Readonly<{
  violations: readonly object[]
  runs: Readonly<{ acknowledged: number; live: number }>
  upgrade: Readonly<{ starts: Readonly<{ earlier: number; present: number }> }>
}>

/** Workers of the release before, a migration under them, and from then on both versions on one schema and queue. */
describeOnEachBackend('a rolling upgrade', (backend) => {
  test('under load, with workers killed: nothing is lost and nothing is done twice', async ({ skip }) => {
    const backendName = backend === 'redis' ? 'redis' : 'embedded'
    const args = ['--backend', backendName, '--seed', '1', '--seconds', '25', '--workers', '4', '--mix', 'kill,dup']
    const { code, stdout, stderr } = await chaos([...args, '--upgrade-from', EARLIER, '--json'])
    if (code === NOT_THERE) {
      process.stderr.write(`\nNOT TESTED: ${EARLIER} and this version side by side. ${stderr.trim()}\n`)
      skip(stderr.trim())
    }
    if (stdout === '') throw new Error(`expected a report of the campaign, found exit code ${code}: ${stderr}`)
    const report = JSON.parse(stdout) as Report
    expect(report.violations).toEqual([])
    expect(report.runs).toMatchObject({ live: 0 })
    expect(report.upgrade.starts.earlier).toBeGreaterThan(0)
    expect(report.upgrade.starts.present).toBeGreaterThan(0)
  })
})

async function chaos(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [path.join(ROOT, 'tests/chaos/run.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text))
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  child.once('error', reject)
  child.once('close', (code) => resolve(code))
  return { code: await promise, ...said }
}
