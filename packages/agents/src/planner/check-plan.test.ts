import { describe, expect, it } from 'vitest'
import { readPlan } from './check-plan.ts'

const TOOLS = ['knowledge_search']
const read = (task: object) => readPlan({ tasks: [{ key: 'a', role: 'writer', ...task }] }, TOOLS, ['plan'])

describe('readPlan', () => {
  it('fills in the defaults of a good plan', () => {
    expect(read({})).toMatchObject({
      ok: true,
      value: { tasks: [{ key: 'a', dependsOn: [], verify: [], maxAttempts: 3, timeoutSeconds: 300 }] },
    })
  })

  it.each([
    [{ dependsOn: ['b'] }, '/plan/tasks/0/dependsOn/0'],
    [{ tools: ['knowledge_search', 'shell'] }, '/plan/tasks/0/tools/1'],
    [{ verify: [{ judge: 'x' }, { rule: 'cel', value: 'output.' }] }, '/plan/tasks/0/verify/1/value'],
    [{ role: 'X' }, '/plan/tasks/0/role'],
    [{ colour: 'red' }, '/plan/tasks/0/colour'],
  ])('refuses %j at its path', (task, path) => {
    expect(read(task)).toMatchObject({ ok: false, code: 'invalid_input', errors: [{ path }] })
  })

  it('calls a plan that only needs what is not built unsupported', () => {
    expect(read({ when: 'x' })).toMatchObject({
      ok: false,
      code: 'unsupported',
      errors: [{ path: '/plan/tasks/0/when' }],
    })
    expect(read({ when: 'x', dependsOn: ['x'] })).toMatchObject({ ok: false, code: 'invalid_input' })
  })
})
