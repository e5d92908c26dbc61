import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJob } from './jobs.ts'
import { wakeJobs, type TaskWakeUp } from './producer.ts'

const task = (idx: number, more: Partial<TaskWakeUp> = {}): TaskWakeUp => ({
  runId: 1,
  idx,
  role: 'writer',
  delayMs: 0,
  judge: false,
  priority: 5,
  ...more,
})
const sizes = (tasks: readonly TaskWakeUp[]): Record<string, number[]> =>
  Object.fromEntries(
    [...wakeJobs(tasks)].map(([queue, jobs]) => [queue, jobs.map((job) => (job.data as { t: number[] }).t.length / 2)]),
  )

describe('wake-ups', () => {
  it('of one queue share jobs of up to 25', () => {
    expect(sizes(Array.from({ length: 60 }, (_, idx) => task(idx)))).toEqual({ 'agent-writer': [25, 25, 10] })
  })

  it('go to the queue of their role, and those for a judge to the verify queue', () => {
    expect(
      sizes([task(0), task(1, { role: 'critic' }), task(2, { judge: true }), task(3, { judge: true, role: 'critic' })]),
    ).toEqual({
      'agent-writer': [1],
      'agent-critic': [1],
      verify: [2],
    })
  })

  it('with a delay have a job each, since each has its own', () => {
    const jobs = wakeJobs([task(0, { delayMs: 50 }), task(1, { delayMs: 70 }), task(2)]).get('agent-writer') ?? []
    expect(jobs.map((job) => [job.data, job.opts['delay']])).toEqual([
      [{ t: [1, 0] }, 50],
      [{ t: [1, 1] }, 70],
      [{ t: [1, 2] }, undefined],
    ])
  })

  it('of runs of different priority do not share a job', () => {
    const jobs = wakeJobs([task(0), task(1, { priority: 9, runId: 2 }), task(2)]).get('agent-writer') ?? []
    expect(jobs.map((job) => [job.data, job.opts['priority']])).toEqual([
      [{ t: [1, 0, 1, 2] }, 5],
      [{ t: [2, 1] }, 1],
    ])
  })

  it('of nothing are no jobs', () => {
    expect([...wakeJobs([])]).toEqual([])
  })

  it('name each task once, with its priority, in a queue where it is looked for', () => {
    const wakeUp = fc.record({
      runId: fc.integer({ min: 1, max: 3 }),
      idx: fc.nat({ max: 500 }),
      role: fc.constantFrom('writer', 'critic'),
      delayMs: fc.constantFrom(0, 0, 0, 10),
      judge: fc.boolean(),
      priority: fc.nat({ max: 9 }),
    })
    const key = (t: TaskWakeUp): string => `${t.runId}/${t.idx}`
    fc.assert(
      fc.property(fc.uniqueArray(wakeUp, { maxLength: 200, size: 'max', selector: key }), (tasks) => {
        const told = [...wakeJobs(tasks)].flatMap(([queue, jobs]) =>
          jobs.flatMap((job) => {
            const delivery = parseJob(job.name, job.data, job.opts['priority'] as number)
            if (delivery.kind !== 'tasks') throw new Error(`a job is ${delivery.kind}`)
            return delivery.refs.map((ref) => `${queue} ${delivery.priority} ${ref.runId}/${ref.idx}`)
          }),
        )
        const wanted = tasks.map((t) => `${t.judge ? 'verify' : `agent-${t.role}`} ${t.priority} ${key(t)}`)
        expect(told.toSorted()).toEqual(wanted.toSorted())
      }),
    )
  })
})
