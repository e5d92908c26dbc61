import { expect, it } from 'vitest'
import { runSimulations } from './simulations.ts'

/** The same seeds each time; `FLOTILLA_SIM_SEED` and `FLOTILLA_SIM_SCHEDULES` choose others. */
const seed = Number(process.env['FLOTILLA_SIM_SEED'] ?? 1)
const schedules = Number(process.env['FLOTILLA_SIM_SCHEDULES'] ?? 1_500)

/** What has to have happened in many schedules, or they prove little. */
const EVENTS = [
  'task.started',
  'task.completed',
  'task.failed',
  'task.skipped',
  'task.retrying',
  'task.verifying',
  'task.revising',
  'task.recovered',
  'task.cancelled',
  'run.completed',
  'run.cancelled',
  'run.paused',
  'run.resumed',
]

it(`${schedules} simulated schedules from seed ${seed} on keep every promise`, { timeout: 600_000 }, async () => {
  const simulated = await runSimulations({ seed, schedules })
  expect(simulated.failure).toBeNull()
  expect(simulated.schedules).toBe(schedules)
  if (schedules >= 1_000) expect([...simulated.events]).toEqual(expect.arrayContaining(EVENTS))
})
