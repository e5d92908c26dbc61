import fc from 'fast-check'
import { expect, it } from 'vitest'
import { deadLetterId, readDeadLetterId, refuseRedrive } from './dead-letter.ts'
import { sortableId } from './ids.ts'
import { isTerminalRun, RUN_STATUSES } from './run.ts'

it('a letter’s id names its run and its task, and reads back as both', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 45), fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.nat(9_999), (now, random, idx) => {
      const runId = sortableId('run', now, random)
      expect(readDeadLetterId(deadLetterId(runId, idx))).toEqual({ runId, idx })
    }),
  )
})

it.each(['', 'dead_', 'run_00000000000000000000000000000', `dead_${'0'.repeat(28)}`, `dead_${'u'.repeat(29)}`])(
  '"%s" is no letter’s id',
  (id) => expect(readDeadLetterId(id)).toBeNull(),
)

it('only the letter of a run that has ended is redriven; else the state and what is allowed are told', () => {
  for (const status of RUN_STATUSES) {
    const refused = refuseRedrive('run_1', status)
    if (isTerminalRun(status)) expect(refused).toBeNull()
    else expect(refused).toMatch(new RegExp(`run_1 is ${status.replace('_', ' ')}: .* allowed now: .*cancel`))
  }
})
