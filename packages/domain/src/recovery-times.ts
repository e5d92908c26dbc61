/** How soon lost work is noticed, in seconds. */
export type RecoveryTimes = Readonly<{ leaseSeconds: number; heartbeatSeconds: number; sweepSeconds: number }>

export const DEFAULT_RECOVERY_TIMES: RecoveryTimes = { leaseSeconds: 60, heartbeatSeconds: 10, sweepSeconds: 0.5 }

/** What of them contradicts itself, by the names under which they are set; nothing where all is well. */
export function checkRecoveryTimes({ leaseSeconds, heartbeatSeconds, sweepSeconds }: RecoveryTimes): string[] {
  const problems: string[] = []
  if (heartbeatSeconds * 2 > leaseSeconds)
    problems.push(
      `FLOTILLA_HEARTBEAT_SECONDS (${heartbeatSeconds}) must be at most half of FLOTILLA_LEASE_SECONDS (${leaseSeconds}): a lease that is renewed too late is lost`,
    )
  if (sweepSeconds > leaseSeconds)
    problems.push(
      `FLOTILLA_SWEEP_SECONDS (${sweepSeconds}) must be at most FLOTILLA_LEASE_SECONDS (${leaseSeconds}): else lost work waits longer for its sweep than for its lease`,
    )
  return problems
}
