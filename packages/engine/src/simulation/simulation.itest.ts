import { expect, it } from 'vitest'
import { runSimulations } from './simulations.ts'

/** Other seeds each time: what fails tells the seed that replays it. */
const seed = Number(process.env['FLOTILLA_SIM_SEED'] ?? Math.floor(Math.random() * 2 ** 30))
const schedules = Number(process.env['FLOTILLA_SIM_SCHEDULES'] ?? 100_000)

it(`${schedules} simulated schedules from seed ${seed} on keep every promise`, { timeout: 1_800_000 }, async () => {
  const simulated = await runSimulations({ seed, schedules })
  expect(simulated.failure).toBeNull()
  expect(simulated.schedules).toBe(schedules)
})
