import { describe, expect, it } from 'vitest'
import { DEFAULT_PRIORITY, jobPriority, parseJob } from './jobs.ts'

describe('a job', () => {
  it('names tasks in pairs', () => {
    expect(parseJob('wake', { t: [7, 0, 7, 3, 9, 1] }, jobPriority(8))).toEqual({
      kind: 'tasks',
      refs: [
        { runId: 7, idx: 0 },
        { runId: 7, idx: 3 },
        { runId: 9, idx: 1 },
      ],
      treeParent: null,
      priority: 8,
    })
  })

  it.each([4, -1])('of a tree names the node above it: %i', (p) => {
    expect(parseJob('tree', { t: [7, 0], p })).toMatchObject({
      kind: 'tasks',
      refs: [{ runId: 7, idx: 0 }],
      treeParent: p,
    })
  })

  it.each(['plan', 'finish', 'learn'] as const)('%s names a run', (name) => {
    expect(parseJob(name, { run: 12 })).toEqual({ kind: name, runIds: [12] })
    expect(parseJob(name, { run: [12, 13] })).toEqual({ kind: name, runIds: [12, 13] })
  })

  it.each([
    ['wake', null],
    ['wake', {}],
    ['wake', { t: [] }],
    ['wake', { t: [1] }],
    ['wake', { t: ['1', 2] }],
    ['wake', { t: [1.5, 2] }],
    ['tree', { t: [1, 2], p: 'root' }],
    ['plan', { run: '12' }],
    ['finish', undefined],
    ['learn', [12]],
    ['rotate-keys', { run: 12 }],
    ['__proto__', { t: [1, 2] }],
  ])('%s with %j is not known, and is no error', (name, data) => {
    expect(parseJob(name, data)).toEqual({ kind: 'unknown', name })
  })

  it('of a version that says more is read for what is known', () => {
    expect(parseJob('plan', { run: 12, later: true })).toEqual({ kind: 'plan', runIds: [12] })
    expect(parseJob('wake', { t: [7, 0, 8], q: 1 })).toMatchObject({ refs: [{ runId: 7, idx: 0 }] })
  })
})

describe('a priority', () => {
  it('has the first go first: BullMQ counts up from 1, and 0 would stand before all', () => {
    const all = Array.from({ length: 10 }, (_, priority) => jobPriority(priority))
    expect(all).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
  })

  it.each(Array.from({ length: 10 }, (_, priority) => priority))('%i comes back from a job', (priority) => {
    expect(parseJob('wake', { t: [1, 2] }, jobPriority(priority))).toMatchObject({ priority })
  })

  it('is the default where the job has none', () => {
    expect(parseJob('wake', { t: [1, 2] })).toMatchObject({ priority: DEFAULT_PRIORITY })
  })
})
