import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { JSON_MAX_DEPTH, JsonObjectSchema, JsonSchema, valueFlaw } from './json.ts'
import { issuesOf } from './problem.ts'

const nested = (depth: number, inner: unknown): unknown => {
  let value = inner
  for (let i = 0; i < depth; i++) value = [value]
  return value
}

describe('JSON values', () => {
  it('are taken as they are', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const clean = JSON.parse(JSON.stringify(value).replaceAll('\\u0000', '')) as unknown
        fc.pre(valueFlaw(clean) === null)
        expect(v.parse(JsonSchema, clean)).toEqual(clean)
      }),
    )
  })

  it('keep names that other schemas drop', () => {
    const value = JSON.parse('{"constructor":1,"prototype":2,"__proto__":{"x":3}}') as unknown
    expect(JSON.stringify(v.parse(JsonObjectSchema, value))).toBe(JSON.stringify(value))
  })

  it.each([
    [{ a: { b: [1, Number.POSITIVE_INFINITY] } }, '/a/b/1', 'expected a finite number'],
    [{ a: 'x\u0000' }, '/a', 'the text holds NUL characters or broken Unicode'],
    [{ a: ['\ud800'] }, '/a/0', 'the text holds NUL characters or broken Unicode'],
    [{ 'a\u0000': 1 }, '/a\u0000', 'the name holds NUL characters or broken Unicode'],
    [{ a: [undefined] }, '/a/0', 'expected a JSON value, found undefined'],
    [{ a: new Date(0) }, '/a', 'expected a plain object'],
    [{ a: 1n }, '/a', 'expected a JSON value, found bigint'],
  ])('are refused with the place of what is wrong: %#', (value, path, message) => {
    expect(issuesOf(v.safeParse(JsonObjectSchema, value).issues ?? [])).toEqual([{ path, message }])
  })

  it.each([[null], [[]], ['x'], [7], [undefined]])('that are no object are refused as one: %j', (value) => {
    expect(v.safeParse(JsonObjectSchema, value).success).toBe(false)
  })

  it('are refused when nested too deep, however deep, and when bad deep inside, both quickly', () => {
    const started = performance.now()
    expect(v.is(JsonSchema, nested(JSON_MAX_DEPTH, 1))).toBe(true)
    expect(v.is(JsonSchema, nested(JSON_MAX_DEPTH + 1, 1))).toBe(false)
    expect(v.is(JsonSchema, nested(200_000, 1))).toBe(false)
    expect(v.is(JsonSchema, nested(60, Number.NaN))).toBe(false)
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})
