import type { EventType, JsonObject, RunEvent } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { EMPTY_FOLD, foldEvents } from './fold.ts'
import { attemptMs } from './task-lines.ts'

type Told = readonly [type: EventType, ms: number, data?: JsonObject]

const RUN_EVENT = /^run\./
const spansOf = (...told: readonly Told[]) => {
  const events = told.map(([type, ms, data = {}], i): RunEvent => {
    const base = { seq: i + 1, id: `evt_${i}`, type, at: new Date(ms).toISOString(), runId: 'run_1', data }
    return RUN_EVENT.test(type) ? base : { ...base, taskKey: 'a' }
  })
  return foldEvents(EMPTY_FOLD, events).tasks.get('a')?.spans ?? []
}
const call: JsonObject = { stopReason: 'tool_calls' }
const end: JsonObject = { stopReason: 'end' }

it('takes for a model call what a turn ends, and the rest for other work', () =>
  expect(
    spansOf(
      ['task.started', 0],
      ['task.turn', 4, call],
      ['task.tool_called', 6],
      ['task.turn', 9, end],
      ['task.completed', 12],
    ),
  ).toEqual([
    { kind: 'model', from: 0, to: 4 },
    { kind: 'tool', from: 4, to: 6 },
    { kind: 'model', from: 6, to: 9 },
    { kind: 'other', from: 9, to: 12 },
  ]))

it('takes what came before a call began for other work', () =>
  expect(
    spansOf(
      ['task.started', 0],
      ['task.turn', 9, { ...call, startedAt: new Date(6).toISOString() }],
      ['task.tool_called', 10],
      ['task.turn', 14, { ...end, startedAt: new Date(99).toISOString() }],
      ['task.completed', 15],
    ),
  ).toEqual([
    { kind: 'other', from: 0, to: 6 },
    { kind: 'model', from: 6, to: 9 },
    { kind: 'tool', from: 9, to: 10 },
    { kind: 'model', from: 10, to: 14 },
    { kind: 'other', from: 14, to: 15 },
  ]))

it('does not take an attempt without a turn for a call', () =>
  expect(spansOf(['task.started', 0], ['task.failed', 5])).toEqual([{ kind: 'other', from: 0, to: 5 }]))

it('takes what was cut off after tools for a call', () =>
  expect(
    spansOf(['task.started', 0], ['task.turn', 4, call], ['task.tool_called', 6], ['run.cancelled', 9]).at(-1),
  ).toEqual({ kind: 'model', from: 6, to: 9 }))

it('holds a task back while its run is paused', () =>
  expect(
    spansOf(
      ['task.started', 0],
      ['run.paused', 3],
      ['task.turn', 4, call],
      ['run.resumed', 50],
      ['task.tool_called', 52],
      ['task.turn', 55, end],
      ['task.completed', 55],
    ),
  ).toEqual([
    { kind: 'model', from: 0, to: 3 },
    { kind: 'gate', from: 3, to: 50 },
    { kind: 'tool', from: 50, to: 52 },
    { kind: 'model', from: 52, to: 55 },
  ]))

it('holds back what becomes ready in a pause', () =>
  expect(spansOf(['run.paused', 0], ['task.ready', 1], ['run.resumed', 9], ['task.started', 10])).toEqual([
    { kind: 'gate', from: 1, to: 9 },
    { kind: 'wait', from: 9, to: 10 },
    { kind: 'model', from: 10, to: null },
  ]))

it('counts the time of attempts alone, which stands still in a pause and after the end', () => {
  const paused = spansOf(['task.ready', 0], ['task.started', 2], ['run.paused', 7])
  expect(attemptMs({ spans: paused }, 100)).toBe(5)
  expect(attemptMs({ spans: spansOf(['task.started', 2], ['run.failed', 4]) }, 100)).toBe(2)
  expect(attemptMs({ spans: spansOf(['task.ready', 0], ['task.started', 2]) }, 100)).toBe(98)
  expect(attemptMs({ spans: spansOf(['task.ready', 0]) }, 100)).toBe(0)
})
