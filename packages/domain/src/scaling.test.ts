import { describe, expect, it } from 'vitest'
import { backlogOf, NO_BACKLOG, parsePool, scalingView, type Backlog, type CountedPool } from './scaling.ts'

describe('the name of a pool', () => {
  it.each(['agents', 'plan', 'verify', 'learn', 'maintain', 'agent:writer', 'agent:data-analyst-2'])(
    'may be %s',
    (name) => expect(parsePool(name)).toBe(name),
  )
  it.each(['', 'agent', 'agent:', 'agent:*', 'agent:Writer', 'agent:a:b', 'agent:-a', 'planner', 'writer', 'toString'])(
    'is not "%s"',
    (name) => expect(parsePool(name)).toBeNull(),
  )
})

const backlog = (n: number): Backlog => ({
  inProgress: n,
  ready: 2 * n,
  waiting: { lane: 3 * n, paused: 4 * n, notDue: 5 * n, limit: 6 * n },
})

describe('a backlog', () => {
  const counted = new Map<CountedPool, Backlog>([
    ['agent:writer', backlog(1)],
    ['agent:analyst', backlog(10)],
    ['verify', backlog(100)],
  ])

  it('of all agents is the sum of their roles', () => expect(backlogOf(counted, 'agents')).toEqual(backlog(11)))
  it('of one pool is its own', () => expect(backlogOf(counted, 'agent:writer')).toEqual(backlog(1)))
  it('of a pool without work is nothing', () => {
    expect(backlogOf(counted, 'agent:nobody')).toEqual(NO_BACKLOG)
    expect(backlogOf(new Map(), 'agents')).toEqual(NO_BACKLOG)
  })
  it('wants workers for what is in progress and ready, and for nothing that waits', () =>
    expect(scalingView('verify', backlog(100))).toEqual({ pool: 'verify', value: 300, ...backlog(100) }))
})
