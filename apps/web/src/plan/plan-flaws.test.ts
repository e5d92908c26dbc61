import type { PlanInput } from '@flotilla/domain'
import { describe, expect, it } from 'vitest'
import { checkPlan } from './plan-flaws.ts'

const task = (key: string, ...dependsOn: string[]) => ({ key, role: 'writer', title: `Do ${key}`, dependsOn })
const check = (...tasks: PlanInput['tasks']) => checkPlan({ tasks })

describe('checkPlan', () => {
  it('has nothing against a plan that could run, nor against none', () => {
    expect(check(task('a'), task('b', 'a'))).toEqual({ flaws: [], cycle: [] })
    expect(check()).toEqual({ flaws: [], cycle: [] })
  })
  it('tells a circle by its titles in the order of the arrows, and what to do', () => {
    const { flaws, cycle } = check(task('a', 'b'), task('b', 'c'), task('c', 'a'), task('d', 'a'))
    expect(cycle).toEqual([0, 2, 1, 0])
    expect(flaws).toEqual([
      {
        message:
          'These tasks wait for each other, so none of them could begin: Do a → Do c → Do b → Do a. Take away one of the marked arrows.',
        tasks: [2, 1, 0],
        field: 'dependsOn',
      },
    ])
  })
  it('finds a circle beside other mistakes', () => {
    const { flaws, cycle } = check(task('a', 'b'), task('b', 'a', 'nobody', 'b'))
    expect(cycle).toHaveLength(3)
    expect(flaws.map(({ tasks }) => tasks)).toEqual([[1], [1], [1, 0]])
    expect(flaws[0]?.message).toBe(
      '“Do b” comes after "nobody", which is not in the plan: untick that, or give a task this key.',
    )
    expect(flaws[1]?.message).toContain('comes after itself')
  })
  it('tells one key of several tasks once, on all of them', () =>
    expect(check(task('a'), task('a'), task('a')).flaws).toEqual([
      { message: '3 tasks have the key "a": give each its own.', tasks: [0, 1, 2], field: 'key' },
    ]))
  it('tells a field that is not as it has to be with its task', () =>
    expect(check({ ...task('a'), role: 'My role', maxAttempts: 50 }).flaws).toMatchObject([
      { tasks: [0], field: 'role', message: expect.stringContaining('“Do a”: "My role" is not a role') },
      { tasks: [0], field: 'maxAttempts' },
    ]))
  it('tells a result that is not there, and tasks that are all optional', () => {
    expect(checkPlan({ tasks: [task('a')], result: 'b' }).flaws[0]?.message).toContain('Unknown task "b"')
    expect(check({ ...task('a'), optional: true }).flaws[0]?.message).toContain('Every task is optional')
  })
})
