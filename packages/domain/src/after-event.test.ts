import { expect, it } from 'vitest'
import { runStandingAfter, type RunStanding } from './after-event.ts'
import type { EventType } from './event.ts'
import type { JsonObject } from './json.ts'

const NEW: RunStanding = { status: null, resumesTo: null }
const after = (...told: readonly (readonly [EventType, JsonObject?])[]): RunStanding =>
  told.reduce((standing, [type, data = {}]) => runStandingAfter(standing, { type, data }), NEW)
const pausedWhilePlanned = [['run.planning'], ['run.paused', { was: 'planning' }], ['run.started']] as const

it('leaves a run paused that was paused while it was planned, and knows what a resume leads to', () =>
  expect(after(...pausedWhilePlanned)).toEqual({ status: 'paused', resumesTo: 'executing' }))
it('goes on with what the resume says, or else with what the log has told', () => {
  expect(after(...pausedWhilePlanned, ['run.resumed'])).toEqual({ status: 'executing', resumesTo: null })
  expect(after(['run.paused'], ['run.resumed', { to: 'planning' }]).status).toBe('planning')
})
it('ends a paused run', () =>
  expect(after(...pausedWhilePlanned, ['run.cancelled'])).toEqual({ status: 'cancelled', resumesTo: null }))
it('is not changed by events of tasks', () => expect(after(['run.started'], ['task.failed']).status).toBe('executing'))
