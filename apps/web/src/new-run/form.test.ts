import { describe, expect, it } from 'vitest'
import { readDocument } from './documents.ts'
import { EMPTY_DRAFT, typeText } from '../plan/plan-draft.ts'
import { EMPTY_FORM, formProblems, placeIssues, requestOf, standingProblems, type RunForm } from './form.ts'

const form = (change: Partial<RunForm>): RunForm => ({ ...EMPTY_FORM, goal: 'Compare', ...change })
const plan = (text: string) => typeText(EMPTY_DRAFT, 'text', text)
const messages = (change: Partial<RunForm>) => formProblems(form(change)).map(({ message }) => message)
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
  it.each([
    ['tokens', '1e99', 'Expected a whole number of tokens from 1 to 1,000,000,000,000, found 1e+99.'],
    ['tokens', '0', 'Expected a whole number of tokens from 1 to 1,000,000,000,000, found 0.'],
    ['tokens', '1.5', 'Expected a whole number of tokens, found 1.5.'],
    ['costUsd', '-1', 'Expected an amount in US dollars from 0 to 1,000,000,000, found -1.'],
    ['costUsd', 'Infinity', 'Expected an amount in US dollars from 0 to 1,000,000,000, found Infinity.'],
    ['costUsd', '5 $', 'Expected an amount in US dollars from 0 to 1,000,000,000, found "5 $".'],
    ['minutes', '1e12', 'Expected a number of minutes, at most 16,666,666 and at least a second, found 1e12.'],
    ['minutes', '0', 'Expected a number of minutes, at most 16,666,666 and at least a second, found 0.'],
    ['labels', 'a b:c', '“a b”: expected a label of letters, digits, ".", "_" and "-", at most 63.'],
    ['labels', 'team', 'Expected labels as key:value, separated by commas, found “team”.'],
  ] as const)('says of %s %j what is expected and what was found', (field, text, message) =>
    expect(messages({ [field]: text })).toEqual([message]),
  )
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
  it('asks nothing about what is wrong', () =>
    expect(requestOf(form({ tokens: '1e99', costUsd: '2', labels: 'team' }), true)).toMatchObject({
      budget: { costUsd: 2, onExceeded: 'degrade' },
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

describe('placeIssues', () => {
  const sent = form({
    documents: [{ name: 'a.md', content: 'one' }],
    plan: plan('Task 1: @a - One'),
    labels: 'a/b:c',
    minutes: '9',
  })
  const place = (path: string, message = 'expected x, found y') => placeIssues([{ path, message }], sent)
  it.each([
    ['/goal', 'goal', 'Expected x, found y.'],
    ['/budget/tokens', 'tokens', 'Expected x, found y.'],
    ['/documents/0/content', 'documents', '“a.md”: expected x, found y.'],
    ['/plan/tasks/0/tools/1', 'plan', '“One”: expected x, found y.'],
    ['/labels/a~1b', 'labels', '“a/b”: expected x, found y.'],
  ] as const)('puts %s to its field', (path, field, message) =>
    expect(place(path)).toEqual({ problems: [{ field, message }], elsewhere: [] }),
  )
  it('keeps what has no field here', () => {
    const issue = { path: '/budget/toolCalls', message: 'expected x' }
    expect(placeIssues([issue], sent)).toEqual({ problems: [], elsewhere: [issue] })
  })
  it('stands until its field is changed', () => {
    const { problems } = place('/goal')
    expect(standingProblems(problems, sent, { ...sent, labels: '' })).toEqual(problems)
    expect(standingProblems(problems, sent, { ...sent, goal: 'Another' })).toEqual([])
  })
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
