import { describe, expect, it } from 'vitest'
import { checkAgainstSchema, compileProblem, isStrictSchema } from './json-schema.ts'

const closed = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'], additionalProperties: false }

describe('checkAgainstSchema', () => {
  it('returns the value, or the places that do not fit', async () => {
    const schema = { $schema: 'http://json-schema.org/draft-07/schema#', type: 'array', items: closed }
    expect(await checkAgainstSchema('[{"n":1}]', schema)).toEqual({ ok: true, value: [{ n: 1 }] })
    expect(await checkAgainstSchema('[{"n":1},{"n":"x"}]', schema)).toEqual({
      ok: false,
      issues: [{ path: '1.n', message: 'must be number' }],
    })
  })

  it('takes a schema of any dialect that draft 7 can read', async () => {
    const schema = { $schema: 'https://json-schema.org/draft/2020-12/schema', ...closed }
    expect(await compileProblem(schema)).toBeUndefined()
    expect(await compileProblem({ type: 'objekt' })).toContain('type')
  })
})

describe('isStrictSchema', () => {
  it.each([
    [closed, true],
    [{ type: 'array', items: closed }, true],
    [{ anyOf: [closed, { type: 'null' }] }, true],
    [{ ...closed, additionalProperties: true }, false],
    [{ ...closed, required: [] }, false],
    [{ type: 'object' }, false],
    [{ type: 'array', items: { type: 'object', properties: {} } }, false],
    [{ ...closed, $defs: { open: { type: 'object', properties: {} } } }, false],
  ])('of %j is %s', (schema, expected) => {
    expect(isStrictSchema(schema)).toBe(expected)
  })
})
