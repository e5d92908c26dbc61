import { describe, expect, it, test } from 'vitest'
import { parseOptions } from './options.ts'

test('without arguments everything is measured', () => {
  expect(parseOptions([])).toEqual({
    figures: [
      'start',
      'first-task',
      'shapes',
      'memory',
      'wake-ups',
      'fair-share',
      'in-flight',
      'growth',
      'api',
      'fleet',
      'web',
      'money-budget',
      'money-storm',
      'money-savings',
      'money-overhead',
    ],
    backends: ['redis', 'embedded'],
    shapes: ['diamond-10', 'chain-10', 'fan-100'],
    reps: 3,
    seconds: 5,
    windowSeconds: 40,
    calls: 2000,
    callSeconds: 30,
    readers: 1000,
    history: 1_000_000,
    idleSeconds: 20,
    json: false,
    peers: [],
    coldFull: false,
    profile: null,
  })
})

test('one figure, one backend, one shape', () => {
  const args = ['shapes', '--backend', 'redis', '--shapes', 'chain-10', '--reps', '1', '--seconds', '0.5', '--peers']
  expect(parseOptions(args)).toMatchObject({
    figures: ['shapes'],
    backends: ['redis'],
    shapes: ['chain-10'],
    reps: 1,
    seconds: 0.5,
    peers: ['bullmq', 'restate', 'dbos', 'langgraph'],
  })
})

test.each([
  [['shapes', '--peers', 'bullmq,restate']],
  [['shapes', '--peers=bullmq,restate']],
  [['--peers', 'bullmq,restate', 'shapes']],
])('%j names peers', (args) => {
  expect(parseOptions(args)).toMatchObject({ figures: ['shapes'], peers: ['bullmq', 'restate'] })
})

test.each([[['--peers', 'shapes']], [['shapes', '--peers', '--json']]])('%j means all peers', (args) => {
  expect(parseOptions(args)).toMatchObject({ figures: ['shapes'], peers: ['bullmq', 'restate', 'dbos', 'langgraph'] })
})

test('the figures of money together', () => {
  expect(parseOptions(['money', '--window', '20'])).toMatchObject({
    figures: ['money-budget', 'money-storm', 'money-savings', 'money-overhead'],
    windowSeconds: 20,
  })
})

describe('what makes no sense', () => {
  it.each([
    [
      ['speed'],
      'figure: expected one of start, first-task, shapes, memory, wake-ups, fair-share, in-flight, growth, api, fleet, web, money-budget, money-storm, money-savings, money-overhead, found "speed"',
    ],
    [['start', 'memory', 'wake-ups'], 'expected one figure, found start memory'],
    [['--backend', 'mysql'], '--backend: expected one of redis, embedded, found "mysql"'],
    [['--reps', '1.5'], '--reps: expected 1 to 100, found "1.5"'],
    [['--seconds', 'x'], '--seconds: expected 0.1 to 600, found "x"'],
    [['--window', '0'], '--window: expected 0.1 to 600, found "0"'],
    [['--shapes', 'fan'], '--shapes: expected one of diamond-10, chain-10, fan-100, found "fan"'],
    [['--peers', 'temporal'], '--peers: expected one of bullmq, restate, dbos, langgraph, found "temporal"'],
    [['--quick'], "Unknown option '--quick'"],
  ])('%j is refused', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message)
  })
})
