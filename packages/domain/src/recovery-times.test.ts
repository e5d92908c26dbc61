import { expect, test } from 'vitest'
import { checkRecoveryTimes, DEFAULT_RECOVERY_TIMES } from './recovery-times.ts'

test('the times of recovery by default, and at their bounds, go together', () => {
  expect(checkRecoveryTimes(DEFAULT_RECOVERY_TIMES)).toEqual([])
  expect(checkRecoveryTimes({ leaseSeconds: 2, heartbeatSeconds: 1, sweepSeconds: 2 })).toEqual([])
})

test('times that contradict each other are told with both names and values', () => {
  expect(checkRecoveryTimes({ leaseSeconds: 5, heartbeatSeconds: 6, sweepSeconds: 7 })).toEqual([
    expect.stringMatching(/^FLOTILLA_HEARTBEAT_SECONDS \(6\).*FLOTILLA_LEASE_SECONDS \(5\)/),
    expect.stringMatching(/^FLOTILLA_SWEEP_SECONDS \(7\).*FLOTILLA_LEASE_SECONDS \(5\)/),
  ])
})
