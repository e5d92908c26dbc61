import type { EventType, JsonObject, RunEvent } from '@flotilla/domain'
import { describe, expect, it } from 'vitest'
import { EMPTY_FOLD, foldEvents } from './fold.ts'

const at = (second: number): string => new Date(Date.UTC(2026, 10, 21, 12, 0, second)).toISOString()
const ms = (second: number): number => Date.parse(at(second))
let seq = 0
const event = (type: EventType, second: number, taskKey?: string, data: JsonObject = {}): RunEvent => ({
  seq: (seq += 1),
  id: `evt_${seq}`,
  type,
  at: at(second),
  runId: 'run_1',
  data,
  ...(taskKey === undefined ? {} : { taskKey }),
})
const log = (...events: readonly (() => RunEvent)[]): RunEvent[] => {
  seq = 0
  return events.map((make) => make())
}

const worked = log(
  () => event('run.created', 0),
  () => event('run.started', 1),
  () => event('task.ready', 1, 'a'),
  () => event('task.started', 2, 'a', { attempt: 1 }),
  () => event('task.turn', 4, 'a', { stopReason: 'tool_calls' }),
  () => event('task.tool_called', 5, 'a'),
  () => event('task.tool_called', 6, 'a'),
  () => event('task.turn', 8, 'a', { stopReason: 'end' }),
  () => event('task.verifying', 8, 'a'),
  () => event('task.completed', 9, 'a'),
  () => event('run.completed', 9),
)

describe('foldEvents', () => {
  it('tells what a task’s time went to', () =>
    expect(foldEvents(EMPTY_FOLD, worked).tasks.get('a')).toEqual({
      status: 'completed',
      startedAt: ms(2),
      finishedAt: ms(9),
      reason: null,
      spans: [
        { kind: 'wait', from: ms(1), to: ms(2) },
        { kind: 'model', from: ms(2), to: ms(4) },
        { kind: 'tool', from: ms(4), to: ms(6) },
        { kind: 'model', from: ms(6), to: ms(8) },
        { kind: 'verify', from: ms(8), to: ms(9) },
      ],
    }))

  it('knows the same however the events came', () => {
    const whole = foldEvents(EMPTY_FOLD, worked)
    for (let cut = 0; cut <= worked.length; cut++) {
      // What overlaps, as after a connection that broke, counts once.
      const halves = foldEvents(foldEvents(EMPTY_FOLD, worked.slice(0, cut)), worked.slice(Math.max(0, cut - 3)))
      expect(halves).toEqual(whole)
    }
  })

  it('stays the same object where nothing is new', () => {
    const whole = foldEvents(EMPTY_FOLD, worked)
    expect(foldEvents(whole, worked)).toBe(whole)
  })

  it('goes back to what a resume says', () => {
    const paused = log(
      () => event('run.started', 0),
      () => event('run.paused', 1),
      () => event('run.resumed', 2, undefined, { to: 'verifying' }),
    )
    expect(foldEvents(EMPTY_FOLD, paused).status).toBe('verifying')
  })

  it('leaves a run paused whatever its planner tells afterwards', () => {
    const planned = log(
      () => event('run.created', 0),
      () => event('run.planning', 0),
      () => event('run.paused', 1, undefined, { was: 'planning' }),
      () => event('run.plan_ready', 2),
      () => event('run.started', 2),
    )
    const paused = foldEvents(EMPTY_FOLD, planned)
    expect(paused).toMatchObject({ status: 'paused', resumesTo: 'executing' })
    const later = (type: EventType): RunEvent => ({ ...event(type, 3), seq: planned.length + 1 })
    expect(foldEvents(paused, [later('run.resumed')])).toMatchObject({ status: 'executing', resumesTo: null })
    expect(foldEvents(paused, [later('run.cancelled')])).toMatchObject({ status: 'cancelled', resumesTo: null })
  })

  it('ends what is open with a cancelled run', () => {
    const cancelled = log(
      () => event('task.ready', 0, 'a'),
      () => event('task.started', 1, 'a'),
      () => event('run.cancelled', 3),
    )
    expect(foldEvents(EMPTY_FOLD, cancelled).tasks.get('a')).toMatchObject({
      status: 'cancelled',
      finishedAt: ms(3),
      spans: [{ kind: 'wait' }, { kind: 'other', to: ms(3) }],
    })
  })

  it('keeps why a task failed', () => {
    const failed = log(() => event('task.failed', 0, 'a', { error: { code: 'x', message: 'the provider refused' } }))
    expect(foldEvents(EMPTY_FOLD, failed).tasks.get('a')?.reason).toBe('the provider refused')
  })
})
