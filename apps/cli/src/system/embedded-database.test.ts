import { createLogger } from '@flotilla/runtime'
import type { EmbeddedPostgres, EmbeddedPostgresOptions } from '@flotilla/runtime/embedded-postgres'
import { until } from '@flotilla/testing'
import { expect, test } from 'vitest'
import { keepEmbeddedDatabase } from './embedded-database.ts'

const log = createLogger({ level: 'silent', name: 'test' })

/** A server that starts as long as `starts` says so, and dies when told to. */
function createServers(startsThen: (nth: number) => boolean) {
  const ports: (number | undefined)[] = []
  let stops = 0
  let die = (): void => {}
  const start = async (options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> => {
    ports.push(options.port)
    if (!startsThen(ports.length)) throw new Error('no room')
    die = () => options.onExit?.({ code: 1, signal: null, logTail: '' })
    return { url: 'postgres://db', port: 5_555, pid: 1, dataDir: '/d', stop: async () => void (stops += 1) }
  }
  return { start, ports, die: () => die(), stops: () => stops }
}

test('a server that dies is started again on the same port, once its lock is given back', async () => {
  const servers = createServers(() => true)
  const kept = await keepEmbeddedDatabase({ dataDir: '/d', log, start: servers.start, onHopeless: () => {} })
  servers.die()
  await until(() => servers.ports.length === 2, { what: 'it is started again' })
  expect(servers.ports).toEqual([undefined, 5_555])
  await kept.stop()
  expect(servers.stops()).toBe(2)
})

test('a server that cannot be brought back is told of', async () => {
  const servers = createServers((nth) => nth === 1)
  const problems: string[] = []
  const kept = await keepEmbeddedDatabase({
    dataDir: '/d',
    log,
    start: servers.start,
    onHopeless: (p) => problems.push(p),
  })
  servers.die()
  await until(() => problems.length > 0, { what: 'it is given up' })
  expect(problems).toEqual(['the embedded PostgreSQL died and does not start again: no room'])
  await kept.stop()
})

test('a first start that fails is an error', async () => {
  const { start } = createServers(() => false)
  await expect(keepEmbeddedDatabase({ dataDir: '/d', log, start, onHopeless: () => {} })).rejects.toThrow('no room')
})
