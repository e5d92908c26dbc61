import { PlanSchema } from '@flotilla/domain'
import * as v from 'valibot'
import { expect, it } from 'vitest'
import { checkPlan } from './check-plan.ts'

const plan = (verify: object[][]) =>
  v.parse(PlanSchema, { tasks: verify.map((criteria, i) => ({ key: `t${i}`, role: 'writer', verify: criteria })) })

it('tells of each criterion that cannot run, at its own place', async () => {
  const broken = { rule: 'matches', value: '(' }
  const sound = { rule: 'minLength', value: 1 }
  const issues = await checkPlan(plan([[sound, broken], [broken], [sound]]), ['plan'])
  expect(issues.map((issue) => issue.path)).toEqual(['/plan/tasks/0/verify/1/value', '/plan/tasks/1/verify/0/value'])
})

it('tells of everything else too, without a base', async () => {
  const tasks = [{ key: 'a', role: 'writer', dependsOn: ['b'], tools: ['fly'] }]
  const issues = await checkPlan(v.parse(PlanSchema, { tasks }))
  expect(issues.map((issue) => issue.path)).toEqual(['/tasks/0/dependsOn/0', '/tasks/0/tools/0'])
})

it('lets others have their turn while it compiles many', async () => {
  const schema = (title: string) => ({ type: 'object', title, properties: { a: { type: 'string', minLength: 3 } } })
  const many = plan(Array.from({ length: 25 }, (_, i) => [{ rule: 'jsonSchema', schema: schema(`s${i}`) }]))
  let turns = 0
  let done = false
  const count = (): void => {
    turns += 1
    if (!done) setImmediate(count)
  }
  setImmediate(count)
  expect(await checkPlan(many)).toEqual([])
  done = true
  expect(turns).toBeGreaterThan(3)
})

it('compiles equal criteria once', async () => {
  const same = { rule: 'jsonSchema', schema: { type: 'object', properties: { a: { type: 'string' } } } }
  const startedAt = performance.now()
  expect(await checkPlan(plan(Array.from({ length: 10_000 }, () => [same])))).toEqual([])
  expect(performance.now() - startedAt).toBeLessThan(20_000)
})
