import { expect, test } from 'vitest'
import { FAULT_KINDS } from './faults/fault.ts'
import { parseOptions } from './options.ts'

const parse = (...args: string[]) => parseOptions(args, () => 42)

test('a campaign of a minute with every fault, and a seed of its own', () => {
  expect(parse()).toEqual({
    command: 'campaign',
    backend: 'redis',
    seed: 42,
    seconds: 60,
    mix: FAULT_KINDS,
    workers: 3,
    rate: 3,
    pace: 1,
    treeMax: 200,
    upgradeFrom: null,
    json: false,
    keep: false,
  })
})

test('everything can be named', () => {
  const named = parse(
    '--backend',
    'embedded',
    '--seed',
    '7',
    '--minutes',
    '2',
    '--mix',
    'kill, flush',
    '--tree-max',
    '0',
    '--json',
  )
  expect(named).toMatchObject({
    backend: 'embedded',
    seed: 7,
    seconds: 120,
    mix: ['kill', 'flush'],
    treeMax: 0,
    json: true,
  })
  expect(parse('--mix', 'none')).toMatchObject({ mix: [] })
  expect(parse('--mutants', 'fence')).toEqual({ command: 'mutants', only: 'fence', json: false })
  expect(parse('--help')).toEqual({ command: 'help' })
})

test.each([
  [['--backend', 'kafka'], /--backend is "kafka"; expected redis or embedded/],
  [['--mix', 'kill,flood'], /unknown faults flood; there are kill/],
  [['--seconds', '0'], /--seconds is "0"; expected a number from 5/],
  [['--seconds', '60', '--minutes', '1'], /--minutes or --seconds, not both/],
  [['--workers', '1.5'], /--workers is "1.5"; expected a whole number/],
  [['--seed', 'x'], /--seed is "x"/],
  [['--upgrade-from', 'b0a670d'], /does not ask cancel, pause, poison of two versions/],
  [['kill'], /unexpected argument "kill"/],
  [['--mutants', 'a', 'b'], /unexpected argument "b"/],
])('refuses %j', (args, message) => {
  expect(() => parse(...args)).toThrow(message)
})
