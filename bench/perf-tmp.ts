import { spawn } from 'node:child_process'
import { createLogger, createShutdown } from '@flotilla/runtime'
import { openFlotilla } from './flotilla/subject.ts'
import { startFlotilla } from './flotilla/system.ts'
import { openScope } from './scope.ts'
import { startStores } from './services/stores.ts'
import { connect } from './services/postgres.ts'
const shutdown = createShutdown({ log: createLogger({ level: 'error', name: 'b', pretty: true }), drainMs: 1000 })
await using scope = openScope(shutdown)
const stores = await startStores(scope, (process.env['BACKEND'] ?? 'redis') as never, {})
const system = await startFlotilla(scope, { ...stores, model: 'noop:noop', work: 'no-op', settings: { FLOTILLA_TREE_MAX: '0' }, profile: null })
const subject = await openFlotilla(scope, { ...stores, system, shape: (process.argv[3] ?? 'diamond-10') as never, computes: true })
const n = Number(process.argv[2] ?? 60)
await subject.runMany(100)
await subject.runMany(100)
const db = await connect((stores as never as { databaseUrl: string }).databaseUrl)
const perf = async (name: string, work: () => Promise<unknown>) => {
  const { rows } = await db.query('select pid from pg_stat_activity')
  const p = spawn('perf', ['record', '-F', '299', '--call-graph', 'dwarf,32768', '-o', `/tmp/perf-${name}.data`, '-p', rows.map((r: { pid: number }) => r.pid).join(',')], { stdio: 'ignore' })
  const cpu = async () => { const { readFileSync } = await import('node:fs'); let t = 0; for (const r of rows as { pid: number }[]) { try { const f = readFileSync(`/proc/${r.pid}/stat`, 'utf8').split(') ')[1]!.split(' '); t += Number(f[11]) + Number(f[12]) } catch {} } return t * 10 }
  const [c0, t0] = [await cpu(), performance.now()]
  const r = await work()
  const [c1, t1] = [await cpu(), performance.now()]
  console.log(name, r, 'ms', t1 - t0, 'pg cpu ms per run', (c1 - c0) / n)
  p.kill('SIGINT'); await new Promise((d) => p.on('exit', d))
}
await perf('e2e', () => subject.runMany(n))
await subject.prepare(n)
await perf('spine', () => subject.release())
await db.end()
