import { systemTimers } from './clock.ts'

export type DependencyState = Readonly<{ status: 'up' | 'down'; reason?: string }>
export type Check = () => Promise<void>

const TIMEOUT_MS = 2_000

/** The state of each dependency, asked at once; one that does not answer in time is down. */
export async function readDependencies(
  checks: Readonly<Record<string, Check>>,
): Promise<Record<string, DependencyState>> {
  const states = Object.entries(checks).map(async ([name, check]) => [name, await stateOf(check)] as const)
  return Object.fromEntries(await Promise.all(states))
}

async function stateOf(check: Check): Promise<DependencyState> {
  const late = Promise.withResolvers<DependencyState>()
  const cancel = systemTimers.after(TIMEOUT_MS, () =>
    late.resolve({ status: 'down', reason: `no answer within ${TIMEOUT_MS} ms` }),
  )
  const answer = check().then(
    (): DependencyState => ({ status: 'up' }),
    (error: unknown): DependencyState => ({ status: 'down', reason: reasonOf(error) }),
  )
  const state = await Promise.race([answer, late.promise])
  cancel()
  return state
}

/** A dependency that is not as it must be says so itself; of other errors only the code is told: messages name hosts. */
export class NotReady extends Error {}

function reasonOf(error: unknown): string {
  if (error instanceof NotReady) return error.message
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return code === '' ? 'it does not answer' : code
}
