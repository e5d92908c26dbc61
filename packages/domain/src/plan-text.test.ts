import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatPlanText } from './plan-format.ts'
import { parsePlanText, plainInstructions, sketchPlanText } from './plan-text.ts'
import type { PlanInput } from './plan.ts'

function parsed(text: string, options?: { prose: boolean }): PlanInput {
  const result = parsePlanText(text, options)
  if (!result.ok) throw new Error(JSON.stringify(result.errors))
  return result.value
}

function errorsOf(text: string): string[] {
  const result = parsePlanText(text)
  return result.ok ? [] : (result.errors ?? []).map((issue) => issue.message)
}

const dependsOf = (text: string) => parsed(text).tasks.map((task) => task.dependsOn)

describe('parsePlanText', () => {
  it('reads roles, titles, dependencies and the instructions beneath', () => {
    const plan = parsed(
      [
        'Task 1: @architect - Design the user model',
        '    Fields: name, e-mail.',
        '',
        '      Keep it small.',
        'Task 3: @backend - Implement login (depends on Task 1, Task 2)',
        'Task 2: @security - Choose a password hash (depends on Task 1)',
        'Result: Task 3',
      ].join('\n'),
    )
    expect(plan).toEqual({
      tasks: [
        {
          key: 't1',
          role: 'architect',
          title: 'Design the user model',
          instructions: 'Fields: name, e-mail.\n\n  Keep it small.',
          dependsOn: [],
        },
        { key: 't3', role: 'backend', title: 'Implement login', instructions: '', dependsOn: ['t1', 't2'] },
        { key: 't2', role: 'security', title: 'Choose a password hash', instructions: '', dependsOn: ['t1'] },
      ],
      result: 't3',
    })
  })

  it.each([
    ['- Task 1: @a - x\n- Task 2: @b - y (depends on: 1)'],
    ['* TASK 1: @A - x\n* task 2: @B - y (Depends On Task 1)'],
    ['1. **Task 1:** @a – x\n2. **Task 2:** @b – y [depends on task 1].'],
    ['**Task 1: @a - x**\n**Task 2: @b - y (depends on T1)**'],
    ['  Task 1: `@a` x\n  Task 2: **@b**: y (after Task 1)'],
    ['Task 1 @a: x\nTask 2 - @b - y, after Task 1'],
    ['Task #1. @a - x\r\nTask #2) @b - y - depends on: 1\r\n'],
    ['Task 1: @a - x\nTask 2: @b - y\n  Depends on: Task 1'],
    ['Task 1: @a - x\nTask 2: @b - y\n\t- Dependencies: 1'],
    ['Task 01: @a - x (depends on nothing)\nTask 2: @b - y (requires Task 1)'],
  ])('tolerates the way it is written: %j', (text) => {
    expect(parsed(text).tasks).toMatchObject([
      { key: 't1', role: 'a', title: 'x', dependsOn: [] },
      { key: 't2', role: 'b', title: 'y', dependsOn: ['t1'] },
    ])
  })

  it('reads lists and ranges of numbers', () => {
    const head = 'Task 1: @a\n x\nTask 2: @a\n x\nTask 3: @a\n x\nTask 4: @a - '
    expect(dependsOf(`${head}y (depends on Tasks 1-3)`)[3]).toEqual(['t1', 't2', 't3'])
    expect(dependsOf(`${head}y (depends on 1, 2 and 3)`)[3]).toEqual(['t1', 't2', 't3'])
    expect(dependsOf(`${head}y depends on Task 1 & Task 3`)[3]).toEqual(['t1', 't3'])
  })

  it('leaves titles alone that only sound like dependencies', () => {
    expect(parsed('Task 1: @a - Retry after 3').tasks[0]).toMatchObject({ title: 'Retry after 3', dependsOn: [] })
    expect(parsed('Task 1: @a - Notify (after hours)').tasks[0]).toMatchObject({ title: 'Notify (after hours)' })
    expect(parsed('Task 1: @a - Say what the result depends on').tasks[0]).toMatchObject({ dependsOn: [] })
  })

  it('names the line of each error', () => {
    expect(errorsOf('Task 1: Do it\nTask 2: @B_c - x\nfoo')).toEqual([
      'line 1: expected a role after "Task 1:", as in "Task 1: @writer - …"',
      'line 3: expected "Task N: @role - …" or indented instructions, found "foo"',
    ])
    expect(errorsOf('Task 2: @B_c - x')).toEqual([expect.stringMatching(/^line 1: "b_c" is not a role/)])
    expect(errorsOf('Task 1: @a - x\nTask 1: @a - y')).toEqual(['line 2: Task 1 stands already in line 1'])
    expect(errorsOf('\nTask 1: @a - x (depends on Task 7)')).toEqual([
      'line 2: depends on Task 7, which is not in the plan',
    ])
    expect(errorsOf('Task 1: @a - x (depends on the weather)')).toEqual([
      'line 1: expected task numbers after "depends on", found "the weather"',
    ])
    expect(errorsOf('Task 1: @a - x\nResult: Task 4')).toEqual([
      'line 2: the result names Task 4, which is not in the plan',
    ])
    expect(errorsOf('\n \n')).toEqual([expect.stringContaining('found no task')])
  })

  it('names a cycle in order, in the words of the text and as keys', () => {
    const result = parsePlanText(
      'Task 1: @a - x (depends on 3)\nTask 2: @a - y (depends on 1)\nTask 3: @a - z (depends on 2)',
    )
    expect(result).toMatchObject({
      ok: false,
      errors: [
        {
          message: 'line 1: the tasks depend on each other in a circle: Task 1 → Task 3 → Task 2 → Task 1',
          cycle: ['t1', 't3', 't2', 't1'],
        },
      ],
    })
  })

  it('skips prose only when asked to', () => {
    const text = 'Here is the plan:\n\nTask 1: @a - x\nMore of it.\nTask 2: @b - y (after Task 1)\n\nGood luck!\n'
    expect(errorsOf(text)).toHaveLength(3)
    expect(parsed(text, { prose: true }).tasks).toMatchObject([
      { instructions: 'More of it.' },
      { instructions: '', dependsOn: ['t1'] },
    ])
  })

  it('moves an overlong title into the instructions', () => {
    const [task] = parsed(`Task 1: @a - ${'word '.repeat(200)}\n  beneath`).tasks
    expect(task?.title?.length).toBeLessThanOrEqual(101)
    expect(task?.instructions).toMatch(/^word .*\nbeneath$/)
  })

  it('refuses more than 10,000 tasks and reads as many quickly', () => {
    const lines = (n: number) =>
      Array.from({ length: n }, (_, i) => `Task ${i + 1}: @a - do it${i ? ` (depends on Task ${i})` : ''}`).join('\n')
    const started = performance.now()
    expect(parsed(lines(10_000)).tasks).toHaveLength(10_000)
    expect(errorsOf(lines(10_001))).toEqual([expect.stringContaining('at most 10,000 tasks, found 10001')])
    expect(performance.now() - started).toBeLessThan(20_000)
  })

  it('takes linear time on hostile lines', () => {
    const hostile = [
      ' '.repeat(50_000),
      'after task 1,'.repeat(5_000),
      '(depends on '.repeat(5_000),
      '1,'.repeat(20_000),
      '- - '.repeat(20_000),
    ]
    const started = performance.now()
    for (const text of hostile) {
      parsePlanText(`Task 1: @a - ${text}x`)
      parsePlanText(`Task 1: @a - x\n  depends on ${text}x`)
      parsePlanText(`${text}Task 1: @a`)
    }
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})

const words = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom(
    'Deploy after Task 1',
    'x (depends on Task 2)',
    'x depends on: 1, 2',
    'Depends on: Task 1',
    'Task 2: @a - b',
    'Result: Task 1',
    '- a',
    '**',
    '```',
    '# x',
    '(depends on nothing)',
    '(depends on the weather)',
    'a [needs 1]',
    '@b',
    ': x',
    '— y',
  ),
)
const text = fc
  .array(fc.tuple(fc.constantFrom('', ' ', '\t', '    '), words), { maxLength: 5 })
  .map((parts) => parts.map(([a, b]) => a + b).join('\n'))
const storable = (s: string) => s.replaceAll('\u0000', '')

/** Any acyclic plan: each task may depend on those before it; then the order is shuffled. */
const plans = fc
  .array(
    fc.record({
      title: words.map(storable),
      instructions: text.map(storable),
      role: fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/),
      back: fc.array(fc.nat(), { maxLength: 4 }),
      rank: fc.nat(),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .chain((items) =>
    fc
      .record({
        keys: fc.oneof(
          fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,12}$/), {
            minLength: items.length,
            maxLength: items.length,
          }),
          fc
            .uniqueArray(fc.integer({ min: 1, max: 99_999 }), { minLength: items.length, maxLength: items.length })
            .map((numbers) => numbers.map((n) => `t${n}`)),
        ),
        result: fc.option(fc.nat()),
      })
      .map(({ keys, result }): PlanInput => {
        const tasks = items.map((item, i) => ({
          key: keys[i] as string,
          role: item.role,
          title: item.title,
          instructions: item.instructions,
          dependsOn: i === 0 ? [] : [...new Set(item.back.map((b) => keys[b % i] as string))],
          rank: item.rank,
        }))
        const shuffled = tasks.toSorted((a, b) => a.rank - b.rank).map(({ rank: _, ...task }) => task)
        return result === null ? { tasks: shuffled } : { tasks: shuffled, result: keys[result % keys.length] }
      }),
  )

/** The graph by position, which is what the form keeps under any keys. */
function shape(plan: PlanInput) {
  const at = new Map(plan.tasks.map((task, i) => [task.key, i]))
  return {
    tasks: plan.tasks.map((task) => ({ role: task.role, dependsOn: (task.dependsOn ?? []).map((key) => at.get(key)) })),
    result: typeof plan.result === 'string' ? at.get(plan.result) : null,
  }
}

describe('formatPlanText', () => {
  it('writes the plain form', () => {
    const plan: PlanInput = {
      tasks: [
        { key: 'model', role: 'backend', title: 'User\nmodel', instructions: 'One.\nTwo.' },
        { key: 'login', role: 'backend', title: 'Login', dependsOn: ['model'] },
      ],
      result: 'login',
    }
    expect(formatPlanText(plan)).toBe(
      'Task 1: @backend - User model\n    One.\n    Two.\nTask 2: @backend - Login (depends on Task 1)\nResult: Task 2\n',
    )
  })

  it('keeps the graph, the roles and the texts of any plan', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const back = parsed(formatPlanText(plan))
        expect(shape(back)).toEqual(shape(plan))
        back.tasks.forEach((task, i) => {
          const title = (plan.tasks[i]?.title ?? '').replace(/\s+/g, ' ').trim()
          const instructions = plainInstructions(plan.tasks[i]?.instructions ?? '')
          expect(task.instructions).toBe(instructions)
          expect(task.title ?? '').toBe(title === '' && instructions === '' ? plan.tasks[i]?.key : title)
        })
      }),
      { numRuns: 300 },
    )
  })

  it('is a fixed point after one way through the form', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const once = formatPlanText(plan)
        const twice = formatPlanText(parsed(once))
        expect(formatPlanText(parsed(twice))).toBe(twice)
      }),
    )
  })
})

it('sketches what can be read of a text with mistakes', () => {
  const flawed =
    'Task 1: @writer - One (depends on Task 2)\nTask 2: @writer - Two (depends on Task 1)\nnonsense\nTask 3:'
  expect(parsePlanText(flawed).ok).toBe(false)
  const { plan, lines, unread } = sketchPlanText(flawed)
  expect(plan.tasks.map(({ key, dependsOn }) => [key, dependsOn])).toEqual([
    ['t1', ['t2']],
    ['t2', ['t1']],
  ])
  expect(lines).toEqual([1, 2])
  expect(unread.map(({ message }) => message.slice(0, 6))).toEqual(['line 3', 'line 4'])
  expect(sketchPlanText(' \n').unread).toEqual([])
  expect(sketchPlanText('# Plan').unread).toHaveLength(1)
})
