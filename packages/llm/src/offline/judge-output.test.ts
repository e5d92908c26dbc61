import { describe, expect, test } from 'vitest'
import { replyText } from '../port.ts'
import { ask, requestOf } from './offline.test-support.ts'

const SCHEMA = {
  name: 'judgement',
  schema: {
    type: 'object',
    properties: { rationale: { type: 'string' }, score: { type: 'number' } },
    required: ['rationale', 'score'],
    additionalProperties: false,
  },
}

async function judge(criterion: string, output: string, evidence = '') {
  const prompt = `<mode>VERIFIER</mode>\n<goal>\nx\n</goal>\n<evidence>\n${evidence}\n</evidence>\n<output>\n${output}\n</output>\n<criteria>\n<criterion number="1" by="judge">\n${criterion}\n</criterion>\n</criteria>`
  const reply = await ask(requestOf(prompt, { responseSchema: SCHEMA }))
  expect(Object.keys(JSON.parse(replyText(reply)) as object)).toEqual(['rationale', 'score'])
  return reply.structured as { rationale: string; score: number }
}

describe('judging by words and evidence', () => {
  test('an output that takes the criterion up beats one that does not', async () => {
    const good = await judge(
      'Covers registration and login',
      'Registration needs an email. Users log in with login and password.',
    )
    const bad = await judge('Covers registration and login', 'The weather is fine today.')
    expect(good.score).toBe(1)
    expect(bad).toMatchObject({ score: 0, rationale: expect.stringContaining('missing: registration and login') })
  })

  test('word forms count', async () => {
    expect((await judge('It recommends a system', 'Recommendation: Arbel, a system.')).score).toBe(1)
  })

  test('citations that lead nowhere cost', async () => {
    const quote = '<quote marker="[a.md:1]">\nLeave is long.\n</quote>'
    const whole = await judge('Describes leave', 'Leave is long [a.md:1].', quote)
    const broken = await judge(
      'Describes leave',
      'Leave is long [a.md:1] [b.md:9].',
      `${quote}\n<unresolved marker="[b.md:9]" />`,
    )
    expect(whole.score).toBe(1)
    expect(broken.score).toBeLessThan(whole.score)
    expect(broken.rationale).toContain('1 of 2 cited passages')
  })

  test('nothing is worth nothing; an honest gap passes', async () => {
    expect((await judge('Describes leave', '')).score).toBe(0)
    expect((await judge('Describes leave', 'The documents do not answer this: leave.')).score).toBeGreaterThanOrEqual(
      0.7,
    )
  })
})
