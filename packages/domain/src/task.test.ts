import { describe, expect, it } from 'vitest'
import { isTerminalTask, shownTaskStatus, TASK_STATUSES, taskCanMove, type StoredTaskStatus } from './task.ts'

const STORED: readonly StoredTaskStatus[] = [...TASK_STATUSES, 'to_verify']

describe('task statuses', () => {
  it('end in completed, failed, skipped and cancelled, and leave none of them', () => {
    const terminal = STORED.filter(isTerminalTask)
    expect(terminal).toEqual(['completed', 'failed', 'skipped', 'cancelled'])
    for (const from of terminal) for (const to of STORED) expect(taskCanMove(from, to)).toBe(false)
  })

  it('let every live task be cancelled, and reach an end from every status', () => {
    for (const from of STORED.filter((s) => !isTerminalTask(s))) expect(taskCanMove(from, 'cancelled')).toBe(true)
  })

  it('complete only what a claim holds; fail that, and what waits too long for a claim or a person', () => {
    expect(STORED.filter((from) => taskCanMove(from, 'completed'))).toEqual(['in_progress', 'verifying'])
    expect(STORED.filter((from) => taskCanMove(from, 'failed'))).toEqual([
      'ready',
      'in_progress',
      'verifying',
      'revising',
      'awaiting_approval',
    ])
  })

  it('start only what is ready or to be revised, or take over what a lost worker held', () => {
    expect(STORED.filter((from) => taskCanMove(from, 'in_progress'))).toEqual(['ready', 'in_progress', 'revising'])
  })

  it('skip only what has not started, or has only just been claimed', () => {
    expect(STORED.filter((from) => taskCanMove(from, 'skipped'))).toEqual(['pending', 'ready', 'in_progress'])
  })

  it('show the wait for a judge as verifying', () => {
    for (const status of STORED) expect(shownTaskStatus(status)).toBe(status === 'to_verify' ? 'verifying' : status)
  })
})
