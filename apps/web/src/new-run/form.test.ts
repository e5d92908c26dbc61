import { describe, expect, it } from 'vitest'
import { readDocument } from './documents.ts'
import { EMPTY_DRAFT, typeText } from '../plan/plan-draft.ts'
import { EMPTY_FORM, formProblems, requestOf, type RunForm } from './form.ts'

const form = (change: Partial<RunForm>): RunForm => ({ ...EMPTY_FORM, goal: 'Compare', ...change })
const plan = (text: string) => typeText(EMPTY_DRAFT, 'text', text)
const fields = (change: Partial<RunForm>) => formProblems(form(change)).map(({ field }) => field)

describe('formProblems', () => {
  it('is content with a goal', () => expect(fields({})).toEqual([]))
  it('asks for a goal, and for one that is not too long', () => {
    expect(fields({ goal: '  ' })).toEqual(['goal'])
    expect(fields({ goal: 'x'.repeat(32_001) })).toEqual(['goal'])
  })
  it('refuses what is no number, no label and no plan', () =>
    expect(fields({ costUsd: 'much', tokens: '-1', labels: 'team', plan: plan('Task 1: nobody') })).toEqual([
      'costUsd',
      'tokens',
      'labels',
      'plan',
    ]))
  it('refuses a plan in a circle, and takes one that was written and taken away', () => {
    expect(fields({ plan: plan('Task 1: @a (depends on Task 2)\nTask 2: @a (depends on Task 1)') })).toEqual(['plan'])
    expect(fields({ plan: typeText(plan('Task 1: @a'), 'text', ' ') })).toEqual([])
  })
})

describe('requestOf', () => {
  it('leaves out what was not said', () =>
    expect(requestOf(form({}), true)).toEqual({
      goal: 'Compare',
      documents: [],
      mode: 'parallel',
      start: true,
      priority: 5,
      labels: {},
    }))
  it('sends limits, labels and the plan', () =>
    expect(
      requestOf(
        form({ costUsd: '1.5', minutes: '2', labels: 'team:infra, n:1', plan: plan('Task 1: @a - One') }),
        false,
      ),
    ).toMatchObject({
      start: false,
      budget: { costUsd: 1.5, seconds: 120, onExceeded: 'degrade' },
      labels: { team: 'infra', n: '1' },
      plan: { tasks: [{ key: 't1', role: 'a' }] },
    }))
})

describe('readDocument', () => {
  const read = (name: string, content: BlobPart) => readDocument(new File([content], name))
  it('takes text', async () =>
    expect(await read('a.md', 'one')).toEqual({ ok: true, document: { name: 'a.md', content: 'one' }, sizeBytes: 3 }))
  it('takes an image by its first bytes', async () =>
    expect(await read('a.gif', 'GIF89a')).toMatchObject({
      ok: true,
      document: { mediaType: 'image/gif', data: 'R0lGODlh' },
    }))
  it.each([
    ['a.md', '', 'is empty'],
    ['a.md', ' \n', 'holds only blanks'],
    ['a.bin', new Uint8Array([0xff, 0xfe]), 'is no UTF-8 text'],
    ['a.png', 'text', 'is no image'],
    ['a[1].md', 'text', 'cannot be called that'],
  ])('says what is wrong with %s %j', async (name, content, problem) =>
    expect(await read(name, content)).toMatchObject({ ok: false, problem: expect.stringContaining(problem) }),
  )
})
