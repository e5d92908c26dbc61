import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { formatIssues, parseStructured, readJsonText, stripFence } from './structured.ts'

const Plan = v.object({ tasks: v.array(v.object({ key: v.string(), after: v.array(v.string()) })) })

describe('parseStructured', () => {
  it.each([
    ['plain JSON', '{"tasks":[{"key":"a","after":[]}]}', false],
    ['a code fence', '```json\n{"tasks":[{"key":"a","after":[]}]}\n```', false],
    ['a fence with words around it', 'Here is the plan:\n```\n{"tasks":[{"key":"a","after":[]}]}\n```\nEnjoy.', false],
    ['single quotes and a trailing comma', "{'tasks':[{'key':'a','after':[],}]}", true],
    ['words before the JSON', 'The plan: {"tasks":[{"key":"a","after":[]}]}', true],
    ['missing brackets', '{"tasks":[{"key":"a","after":[]}', true],
  ])('reads %s', (_title, text, repaired) => {
    expect(parseStructured(text, Plan)).toEqual({ ok: true, value: { tasks: [{ key: 'a', after: [] }] }, repaired })
  })

  it('names the places that do not fit', () => {
    const result = parseStructured('{"tasks":[{"key":7,"after":[]},{"key":"b"}]}', Plan)
    expect(result.ok).toBe(false)
    if (result.ok) return
    expect(result.issues.map((issue) => issue.path)).toEqual(['tasks.0.key', 'tasks.1.after'])
    expect(formatIssues(result.issues)).toMatch(/^tasks\.0\.key: .*; tasks\.1\.after: /)
  })

  it.each(['', '   ', 'I cannot plan this.', '"just a string"'])('refuses %j', (text) => {
    expect(parseStructured(text, Plan).ok).toBe(false)
  })
})

describe('readJsonText', () => {
  it('takes scalars as they are and never makes one by repair', () => {
    expect(readJsonText('42')).toEqual({ ok: true, value: 42, repaired: false })
    expect(readJsonText('forty-two')).toMatchObject({ ok: false })
  })

  it('leaves a fence inside a JSON string alone', () => {
    const text = JSON.stringify({ code: '```js\n1\n```' })
    expect(stripFence(text)).toBe(text)
  })
})
