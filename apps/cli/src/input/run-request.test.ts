import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readPlanFile } from './plan-file.ts'
import { readRunRequest } from './run-request.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'flotilla-request-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))
const put = (name: string, content: string) => writeFileSync(path.join(dir, name), content)

test('sends what was said, and nothing else', async () => {
  put('a.md', 'text')
  put('plan.txt', 'Task 1: @writer - Write it\n')
  const request = await readRunRequest(
    'Write',
    {
      docs: ['a.md'],
      plan: 'plan.txt',
      label: { team: 'x' },
      budgetUsd: 1.5,
      budgetTokens: 100,
      budgetToolCalls: 0,
      budgetSeconds: 60,
      onExceeded: 'pause',
      mode: 'sequential',
      priority: 9,
      workflow: 'w',
    },
    dir,
  )
  expect(request).toEqual({
    ok: true,
    value: {
      notes: [],
      input: {
        goal: 'Write',
        documents: [{ name: 'a.md', content: 'text' }],
        plan: { tasks: [{ key: 't1', role: 'writer', title: 'Write it', instructions: '', dependsOn: [] }] },
        workflow: { name: 'w' },
        labels: { team: 'x' },
        budget: { costUsd: 1.5, tokens: 100, toolCalls: 0, seconds: 60, onExceeded: 'pause' },
        mode: 'sequential',
        priority: 9,
      },
    },
  })
  expect(await readRunRequest('Write', {}, dir)).toEqual({ ok: true, value: { notes: [], input: { goal: 'Write' } } })
})

test('a goal that stands behind --docs is found', async () => {
  put('a.md', 'text')
  expect(await readRunRequest(undefined, { docs: ['a.md', 'Compare them'] }, dir)).toMatchObject({
    ok: true,
    value: { input: { goal: 'Compare them' } },
  })
  expect(await readRunRequest(undefined, { docs: ['a.md'] }, dir)).toMatchObject({
    ok: false,
    problems: [expect.stringContaining('the goal is missing')],
  })
  expect(await readRunRequest('  ', {}, dir)).toMatchObject({ ok: false })
})

test('every problem at once', async () => {
  put('plan.json', '{')
  expect(await readRunRequest('x', { docs: ['gone'], plan: 'plan.json' }, dir)).toEqual({
    ok: false,
    problems: [`${dir}/gone does not exist`, expect.stringMatching(/^plan\.json is no JSON: /)],
  })
})

test('plans that cannot be read', async () => {
  put('bad.txt', 'Task 1: @writer - a (depends on Task 7)\nwhat is this')
  put('bad.json', JSON.stringify({ tasks: [{ key: 'a' }] }))
  expect(await readPlanFile('bad.txt', dir)).toMatchObject({
    ok: false,
    problems: [expect.stringMatching(/^bad\.txt: line \d: /)],
  })
  expect(await readPlanFile('bad.json', dir)).toEqual({
    ok: false,
    problems: ['bad.json: /tasks/0/role: "role" is missing'],
  })
  expect(await readPlanFile('gone.txt', dir)).toMatchObject({
    ok: false,
    problems: [expect.stringContaining('the plan gone.txt cannot be read')],
  })
})

test('a JSON plan is told by its content too', async () => {
  put('plan', JSON.stringify({ tasks: [{ key: 'a', role: 'writer' }] }))
  expect(await readPlanFile('plan', dir)).toEqual({ ok: true, value: { tasks: [{ key: 'a', role: 'writer' }] } })
})
