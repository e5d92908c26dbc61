import type { Citation, Criterion, JsonObject } from '@flotilla/domain'
import { describe, expect, it } from 'vitest'
import { NOT_ANSWERED } from '../prompts/shared.ts'
import { runRules, type ArtifactInfo } from './run-rules.ts'

const SOURCE = '# Harrow\n\nHarrow keeps every write **twice**\nbefore it answers.\n- Backups: 30 days.\n'
const readDocument = async (name: string) =>
  name === 'harrow.md' ? SOURCE : name === 'chart.png' ? { mediaType: 'image/png' } : null
const report: ArtifactInfo = { name: 'report.md', mediaType: 'text/markdown; charset=utf-8', sizeBytes: 12 }

async function run(
  criteria: Criterion[],
  text: string,
  more: { artifacts?: ArtifactInfo[]; citations?: Citation[] } = {},
) {
  const { artifacts = [], citations = [] } = more
  return runRules({ criteria, output: { text, citations }, artifacts, readDocument })
}
async function one(criterion: Criterion, text: string, more: Parameters<typeof run>[2] = {}) {
  const findings = await run([criterion], text, more)
  expect(findings).toHaveLength(1)
  return findings[0]
}
const hostile = `${'a'.repeat(100_000)}!`

describe('runRules', () => {
  it('asks of an output without criteria only that it is not empty', async () => {
    expect(await run([], 'x')).toMatchObject([{ passed: true, score: 1, by: 'rule' }])
    expect(await run([], ' \n')).toMatchObject([
      { passed: false, score: 0, rationale: 'it has neither text nor artifacts' },
    ])
    expect(await run([], '', { artifacts: [report] })).toMatchObject([{ passed: true }])
  })

  it('leaves judges to a judge, but lets none judge nothing', async () => {
    const judged: Criterion = { judge: 'Is good', threshold: 0.7 }
    expect(await run([judged], 'x')).toEqual([])
    expect(await run([judged], '')).toMatchObject([{ passed: false }])
    expect(await run([judged, { rule: 'contains', value: 'x' }], 'x')).toMatchObject([{ passed: true }])
  })

  it('counts characters as people do', async () => {
    expect(await one({ rule: 'minLength', value: 3 }, ' 😀é漢 ')).toMatchObject({ passed: true })
    expect(await one({ rule: 'minLength', value: 4 }, '😀é漢')).toMatchObject({
      passed: false,
      rationale: 'expected at least 4 characters, found 3',
    })
    expect(await one({ rule: 'maxLength', value: 3 }, 'abc')).toMatchObject({ passed: true })
    expect(await one({ rule: 'maxLength', value: 2 }, 'abc')).toMatchObject({ passed: false })
  })

  it('finds text and expressions', async () => {
    expect(await one({ rule: 'contains', value: '(x)' }, 'a (x)')).toMatchObject({ passed: true })
    expect(await one({ rule: 'contains', value: '(x)' }, 'a x')).toMatchObject({
      passed: false,
      rationale: 'it lacks the text "(x)"',
    })
    expect(await one({ rule: 'matches', value: '^\\d{3}$' }, '123')).toMatchObject({ passed: true })
    expect(await one({ rule: 'matches', value: '(?i)HARROW' }, 'the harrow')).toMatchObject({ passed: true })
  })

  it('fails a pattern that cannot run, with the reason', async () => {
    expect(await one({ rule: 'matches', value: '(a' }, 'a')).toMatchObject({
      passed: false,
      rationale: expect.stringContaining('missing closing )') as unknown,
    })
    expect(await one({ rule: 'matches', value: '(?=a)' }, 'a')).toMatchObject({ passed: false })
    expect(await one({ rule: 'matches', value: '((a{30}){30}){2}' }, 'a')).toMatchObject({
      passed: false,
      rationale: expect.stringMatching(/too large|repeat/) as unknown,
    })
  })

  it('takes linear time for every engine on an expression that defeats backtracking', async () => {
    const started = performance.now()
    const pattern = '^(a+)+$'
    expect(await one({ rule: 'matches', value: pattern }, hostile)).toMatchObject({ passed: false })
    expect(await one({ rule: 'cel', value: `output.text.matches("${pattern}")` }, hostile)).toMatchObject({
      passed: false,
    })
    expect(await one({ rule: 'jsonSchema', schema: { pattern } }, JSON.stringify(hostile))).toMatchObject({
      passed: false,
    })
    expect(performance.now() - started).toBeLessThan(20_000)
  })

  describe('jsonSchema', () => {
    const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] }
    it.each([
      ['{"n": 1}', true],
      ['```json\n{"n": 1}\n```', true],
      ['{"n": "1"}', false],
      ["{'n': 1}", false],
      ['', false],
      ['n is 1', false],
    ])('holds %j to it', async (text, passed) =>
      expect(await one({ rule: 'jsonSchema', schema }, text)).toMatchObject({ passed }),
    )
    it('says what does not fit', async () => {
      expect(await one({ rule: 'jsonSchema', schema }, '{"n": 1.5}')).toMatchObject({ rationale: '/n must be integer' })
      expect(await one({ rule: 'jsonSchema', schema }, 'n')).toMatchObject({
        rationale: expect.stringContaining('not JSON') as unknown,
      })
    })
    it.each<[JsonObject]>([
      [{ type: 'objekt' }],
      [{ $ref: 'https://example.org/x' }],
      [{ pattern: '(?=a)' }],
      [{ $async: true }],
      [{ $ref: '#' }],
    ])('fails a schema that cannot be used: %j', async (bad) =>
      expect(await one({ rule: 'jsonSchema', schema: bad }, '{}')).toMatchObject({ passed: false }),
    )
    it('knows the newer drafts', async () => {
      const newer = { $schema: 'https://json-schema.org/draft/2020-12/schema', prefixItems: [{ type: 'string' }] }
      expect(await one({ rule: 'jsonSchema', schema: newer }, '[1]')).toMatchObject({ passed: false })
    })
  })

  describe('citations', () => {
    const cites: Criterion = { rule: 'citations', value: 1 }

    it('says how many it expected and found', async () => {
      const text = 'Writes are kept [harrow.md:3]. Backups too [harrow.md:5].'
      expect(await one(cites, text)).toMatchObject({ rationale: 'expected at least 1 citation that holds, found 2' })
      expect(await one({ ...cites, value: 3 }, text)).toMatchObject({
        rationale: 'expected at least 3 citations that hold, found 2',
      })
    })

    it('cannot check what is quoted from an image, and says so', async () => {
      expect(await one(cites, 'The axis says "requests per second" [chart.png:1].')).toMatchObject({
        passed: false,
        rationale: expect.stringMatching(
          /^1 of 1 citations do not hold: \[chart\.png:1\]: "chart\.png" is of the type image\/png: it has no lines/,
        ) as unknown,
      })
    })
    it.each([
      ['Writes are kept two times [harrow.md:3].', true],
      ['Harrow "keeps every write twice before it answers" [harrow.md:3-4].', true],
      ['Harrow “Keeps every … it answers.” [harrow.md:3-4]', true],
      ['> Backups: 30 days. [harrow.md:5]', true],
      ['It is "fast" [harrow.md:3].', true],
      ['Writes [harrow.md:9].', false],
      ['Writes [harrow.md:0].', false],
      ['Writes [harrow.md:4-3].', false],
      ['Writes [other.md:1].', false],
      ['Harrow "keeps every write three times" [harrow.md:3].', false],
      ['Harrow "keeps every write twice" [harrow.md:5].', false],
      ['"Harrow keeps every write" [harrow.md:3] [harrow.md:5].', false],
      ['> Backups are kept 40 days. [harrow.md:5]', false],
      ['No citation at all.', false],
    ])('checks %j against its source', async (text, passed) => {
      expect(await one(cites, text)).toMatchObject({ passed })
    })

    it('wants as many as asked for, and all of them to hold', async () => {
      const text = 'One [harrow.md:1]. Two [harrow.md:5].'
      expect(await one({ rule: 'citations', value: 2 }, text)).toMatchObject({ passed: true, score: 1 })
      expect(await one({ rule: 'citations', value: 4 }, text)).toMatchObject({ passed: false, score: 0.5 })
      expect(await one(cites, `${text} Three [nope.md:1].`)).toMatchObject({
        passed: false,
        rationale: expect.stringContaining('1 of 3 citations do not hold: [nope.md:1]: ') as unknown,
      })
    })

    it('checks what the output recorded', async () => {
      const start = SOURCE.indexOf('Backups')
      const citation = {
        marker: '[harrow.md:5]',
        document: 'harrow.md',
        startLine: 5,
        endLine: 5,
        start,
        end: start + 17,
        quote: 'Backups: 30 days.',
      }
      expect(await one(cites, 'x [harrow.md:5]', { citations: [citation] })).toMatchObject({ passed: true })
      expect(
        await one(cites, 'x [harrow.md:5]', { citations: [{ ...citation, quote: 'Backups: 40 days.' }] }),
      ).toMatchObject({ passed: false })
      expect(
        await one(cites, 'x [harrow.md:5]', { citations: [{ ...citation, start: 0, end: 8, quote: '# Harrow' }] }),
      ).toMatchObject({ passed: false })
    })

    it('lets an honest gap pass, which has nothing to cite', async () => {
      expect(await one(cites, `${NOT_ANSWERED} how long logs are kept.`)).toMatchObject({ passed: true })
    })
  })

  it('checks that an artifact was written, and its type', async () => {
    const artifacts = [report]
    expect(await one({ rule: 'artifact', name: 'report.md' }, '', { artifacts })).toMatchObject({ passed: true })
    expect(
      await one({ rule: 'artifact', name: 'report.md', mediaType: 'Text/Markdown' }, '', { artifacts }),
    ).toMatchObject({ passed: true })
    expect(await one({ rule: 'artifact', name: 'report.md', mediaType: 'text/*' }, '', { artifacts })).toMatchObject({
      passed: true,
    })
    expect(await one({ rule: 'artifact', name: 'report.md', mediaType: 'text/html' }, '', { artifacts })).toMatchObject(
      { passed: false },
    )
    expect(await one({ rule: 'artifact', name: 'a.md' }, '', { artifacts })).toMatchObject({
      passed: false,
      rationale: 'there is no artifact "a.md"; written: "report.md"',
    })
  })

  it('evaluates CEL over the output and the artifacts', async () => {
    const artifacts = [report]
    const cel = (value: string) => one({ rule: 'cel', value }, '{"n": 5, "tags": ["a", "b"]}', { artifacts })
    expect(await cel('output.json.n == 5 && output.json.tags.exists(t, t == "b")')).toMatchObject({ passed: true })
    expect(await cel('artifacts.all(a, a.sizeBytes > 0) && output.text.size() < 100')).toMatchObject({ passed: true })
    expect(await cel('output.json.n > 5')).toMatchObject({ passed: false, rationale: 'the expression is false' })
    expect(await cel('output.json.m')).toMatchObject({ passed: false, rationale: 'No such key: m' })
    expect(await cel('output.json.n')).toMatchObject({
      passed: false,
      rationale: 'the expression gave a number, expected true or false',
    })
    expect(await one({ rule: 'cel', value: 'output.json == null' }, 'no JSON')).toMatchObject({ passed: true })
  })

  it('refuses CEL loops that would walk too long', async () => {
    const nested = 'output.text.split("").all(a, output.text.split("").all(b, true))'
    expect(await one({ rule: 'cel', value: nested }, 'short')).toMatchObject({ passed: true })
    expect(await one({ rule: 'cel', value: nested }, 'x'.repeat(100_000))).toMatchObject({
      passed: false,
      rationale: expect.stringContaining('too long') as unknown,
    })
  })

  it('keeps the order of the rules', async () => {
    const findings = await run(
      [
        { rule: 'contains', value: 'x' },
        { rule: 'maxLength', value: 0 },
        { rule: 'minLength', value: 1 },
      ],
      'x',
    )
    expect(findings.map((f) => f.passed)).toEqual([true, false, true])
  })
})
