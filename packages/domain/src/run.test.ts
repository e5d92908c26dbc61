import { describe, expect, it } from 'vitest'
import {
  decideControl,
  describeForbidden,
  isTerminalRun,
  RUN_STATUSES,
  runCanMove,
  type RunControl,
  type RunStatus,
} from './run.ts'

const LIVE = RUN_STATUSES.filter((status) => !isTerminalRun(status))
const TERMINAL = RUN_STATUSES.filter(isTerminalRun)

describe('run statuses', () => {
  it('end in completed, failed and cancelled, and leave none of them', () => {
    expect(TERMINAL).toEqual(['completed', 'failed', 'cancelled'])
    for (const from of TERMINAL) for (const to of RUN_STATUSES) expect(runCanMove(from, to)).toBe(false)
  })

  it('let every live run be cancelled and failed', () => {
    for (const from of LIVE) for (const to of ['cancelled', 'failed'] as const) expect(runCanMove(from, to)).toBe(true)
  })

  it('go the documented way and skip no step', () => {
    const way: RunStatus[] = ['created', 'planning', 'awaiting_approval', 'executing', 'verifying', 'completed']
    way.slice(1).forEach((to, i) => expect(runCanMove(way[i] as RunStatus, to)).toBe(true))
    expect(runCanMove('planning', 'executing')).toBe(true)
    expect(runCanMove('created', 'executing')).toBe(false)
    expect(runCanMove('executing', 'completed')).toBe(false)
    expect(runCanMove('awaiting_approval', 'completed')).toBe(false)
  })

  it('never return to an earlier step, except out of a pause', () => {
    const way: RunStatus[] = ['created', 'planning', 'awaiting_approval', 'executing', 'verifying', 'completed']
    way.forEach((from, i) =>
      way.slice(0, i + 1).forEach((to) => expect(runCanMove(from, to), `${from} → ${to}`).toBe(false)),
    )
  })

  it('reach and leave a pause from every live step', () => {
    for (const status of LIVE.filter((s) => s !== 'paused')) {
      expect(runCanMove(status, 'paused')).toBe(true)
      expect(runCanMove('paused', status)).toBe(true)
    }
    expect(runCanMove('paused', 'completed')).toBe(false)
  })
})

describe('controls', () => {
  const decided = (control: RunControl, autoStart: boolean) =>
    Object.fromEntries(RUN_STATUSES.map((status) => [status, decideControl(control, status, autoStart)]))

  it('cancel what is live, and repeat a cancel quietly', () => {
    for (const status of LIVE) expect(decideControl('cancel', status, true)).toBe('apply')
    expect(decided('cancel', true)).toMatchObject({ cancelled: 'already', completed: 'forbidden', failed: 'forbidden' })
  })

  it('start what waits, and repeat a start quietly once it took effect', () => {
    expect(decided('start', false)).toMatchObject({
      created: 'apply',
      planning: 'apply',
      awaiting_approval: 'apply',
      completed: 'forbidden',
    })
    expect(decided('start', true)).toMatchObject({
      executing: 'already',
      completed: 'already',
      cancelled: 'forbidden',
      failed: 'forbidden',
    })
  })

  it('replace a plan only before a start', () => {
    expect(Object.values(decided('replace_plan', true)).every((d) => d === 'forbidden')).toBe(true)
    expect(decided('replace_plan', false)).toMatchObject({
      awaiting_approval: 'apply',
      executing: 'forbidden',
      completed: 'forbidden',
    })
  })

  it('pause what is live, resume what is paused, and repeat both quietly', () => {
    for (const status of LIVE) {
      expect(decideControl('pause', status, true)).toBe(status === 'paused' ? 'already' : 'apply')
      expect(decideControl('resume', status, true)).toBe(status === 'paused' ? 'apply' : 'already')
    }
    for (const status of TERMINAL) {
      expect(decideControl('pause', status, true)).toBe('forbidden')
      expect(decideControl('resume', status, true)).toBe('forbidden')
    }
  })

  it('leave a paused run nothing but a resume or a cancel', () => {
    for (const autoStart of [true, false]) {
      expect(decideControl('start', 'paused', autoStart)).toBe('forbidden')
      expect(decideControl('replace_plan', 'paused', autoStart)).toBe('forbidden')
    }
    expect(describeForbidden('start', 'paused')).toBe(
      'cannot start a run that is paused; allowed now: resume or cancel',
    )
  })

  it('delete only what has ended', () => {
    for (const status of RUN_STATUSES)
      expect(decideControl('delete', status, true)).toBe(isTerminalRun(status) ? 'apply' : 'forbidden')
  })

  it('say what the state allows when they refuse', () => {
    expect(describeForbidden('replace_plan', 'executing')).toBe(
      'cannot replace the plan of a run that is executing; allowed now: pause or cancel',
    )
  })
})
