import type { Client } from '@flotilla/client'
import { isTerminalEvent, type CreateRunInput } from '@flotilla/domain'
import type { ShapeTask } from '../shapes.ts'

/** All tasks of all shapes are of one role, so one queue holds them. */
export const ROLE = 'writer'
const SUBMITTED_AT_ONCE = 16

export const runOf = (tasks: readonly ShapeTask[]): CreateRunInput => ({
  goal: 'Measure what a run costs',
  plan: { tasks: tasks.map(({ key, dependsOn }) => ({ key, role: ROLE, dependsOn: [...dependsOn] })) },
})

/** Creates runs through the API, a bounded number at once. */
export async function submitRuns(client: Client, run: CreateRunInput, count: number): Promise<void> {
  let left = count
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await client.runs.create(run)
    }
  }
  await Promise.all(Array.from({ length: Math.min(SUBMITTED_AT_ONCE, count) }, lane))
}

/** Creates a run and follows it to its last event, as a user does. */
export async function runToEnd(client: Client, run: CreateRunInput): Promise<string> {
  const { id } = await client.runs.create(run)
  for await (const event of client.runs.follow(id)) {
    if (!isTerminalEvent(event.type)) continue
    if (event.type === 'run.completed') return id
    throw new Error(`run ${id} ended with ${event.type}: ${JSON.stringify(event.data)}`)
  }
  throw new Error(`the events of run ${id} ended without its end`)
}
