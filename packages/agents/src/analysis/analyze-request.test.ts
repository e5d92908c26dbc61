import { PlanSchema } from '@flotilla/domain'
import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { outlineDocument, outlineMedia } from '../planner/outline-document.ts'
import { scripted } from '../scripted-model.test-support.ts'
import { analyzeByRules, type AnalysisInput } from './analyze-by-rules.ts'
import { analyzeRequest } from './analyze-request.ts'
import { guessType } from './request-type.ts'
import { explicitRequirements } from './requirements.ts'

const role = (name: string, description = '') => ({ role: name, description, capabilities: [], tools: [] })
const IMAGE = outlineMedia({ name: 'chart.png', mediaType: 'image/png', sizeBytes: 2_000_000, pages: null })
const PDF = outlineMedia({ name: 'report.pdf', mediaType: 'application/pdf', sizeBytes: 9_000_000, pages: 10 })
const base: AnalysisInput = {
  goal: 'Compare the durability guarantees described in these documents and recommend one',
  documents: [outlineDocument('a.md', '# A\n'), outlineDocument('b.md', '# B\n')],
  mode: 'parallel',
  availableRoles: [role('researcher'), role('analyst'), role('writer')],
  plan: null,
  budget: null,
  simulated: false,
  model: 'scripted:default',
  stats: [],
  priceUsd: ({ inputTokens, outputTokens }) => (inputTokens * 2 + outputTokens * 10) / 1e6,
}
const by = (changes: Partial<AnalysisInput>) => analyzeByRules({ ...base, ...changes })
const texts = (goal: string) => explicitRequirements(goal).map((requirement) => requirement.text)

describe('guessType', () => {
  it.each([
    ['Compare the durability guarantees described in these documents and recommend one', 'comparison'],
    ['Which of the two stores should we choose?', 'comparison'],
    ['Postgres vs MySQL for our billing system', 'comparison'],
    ['Research the market for electric bikes and write a report', 'research'],
    ['Summarize the attached notes', 'research'],
    ['How long are logs kept?', 'question'],
    ['What is the capital of France?', 'question'],
    ['Write a blog post about our launch in a friendly tone', 'writing'],
    ['Translate this letter to Czech', 'writing'],
    ['Implement login with e-mail and password as a REST API in TypeScript', 'development'],
    ['Fix the bug in the checkout endpoint', 'development'],
    ['Do a security audit of this service and list vulnerabilities', 'security_audit'],
    ['Compute the median and the outliers of this CSV', 'data'],
    ['Organise the summer party', 'custom'],
    ['小さな町の夏祭り', 'custom'],
  ])('takes %j for %s', (goal, type) => {
    expect(guessType(goal, [])).toMatchObject({ type })
  })

  it('is surer of a plain case than of a mixed one', () => {
    const plain = guessType('Compare A versus B and list the trade-offs', []).confidence
    const mixed = guessType('Investigate and compare A and B, then write an article', []).confidence
    expect(plain).toBeGreaterThan(mixed)
    expect(guessType('Do it', []).confidence).toBeLessThan(0.5)
  })
})

describe('explicitRequirements', () => {
  it('splits joined orders and keeps limits', () => {
    expect(texts('Compare A and B and recommend one. The answer must fit one page.\nWe are a small team.')).toEqual([
      'Compare A and B',
      'Recommend one',
      'The answer must fit one page',
    ])
  })

  it('reads list items after the sentences', () => {
    expect(texts('Please write a report:\n- costs per year\n* risks\n1) a timeline')).toEqual([
      'Write a report',
      'Costs per year',
      'Risks',
      'A timeline',
    ])
  })

  it('takes the first sentence where nothing orders', () => {
    expect(texts('A logo for a bakery. It is in Brno.')).toEqual(['A logo for a bakery'])
  })

  it('stays bounded on any text, and quick on the longest', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 500 }), (goal) => {
        const found = texts(goal)
        expect(found.length).toBeLessThanOrEqual(30)
        for (const text of found) expect(text.length).toBeLessThanOrEqual(300)
      }),
    )
    const started = performance.now()
    for (const text of ['write and ', 'must ', ' ', '- ', 'a.md ', 'a', '; list', '@a ', 'which ', 'extract '])
      by({ goal: text.repeat(Math.floor(32_000 / text.length)) })
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})

describe('analyzeByRules', () => {
  it('understands the comparison of two documents', () => {
    const analysis = by({})
    expect(analysis).toMatchObject({
      type: 'comparison',
      complexity: 'moderate',
      roles: ['researcher', 'analyst', 'writer'],
      warnings: [],
      by: 'rules',
    })
    expect(analysis.requirements.filter((r) => r.source === 'explicit').map((r) => r.text)).toEqual([
      'Compare the durability guarantees described in these documents',
      'Recommend one',
    ])
    expect(
      analysis.requirements.some((r) => r.source === 'inferred' && r.text.startsWith('Cite document and line')),
    ).toBe(true)
    expect(analysis.estimate).toMatchObject({ tasks: 4, parallelism: 2 })
  })

  it('reckons ranges in order, a sequential run one at a time, a simulated one in no time', () => {
    const { estimate } = by({})
    for (const range of [estimate.tokens, estimate.costUsd, estimate.seconds]) {
      expect(range.low).toBeLessThan(range.expected)
      expect(range.expected).toBeLessThan(range.high)
    }
    const sequential = by({ mode: 'sequential' }).estimate
    expect(sequential.parallelism).toBe(1)
    expect(sequential.seconds.expected).toBeGreaterThan(estimate.seconds.expected)
    expect(by({ simulated: true, priceUsd: () => 0 }).estimate).toMatchObject({ costUsd: { high: 0 } })
    expect(by({ simulated: true }).estimate.seconds.expected).toBeLessThan(estimate.seconds.expected / 10)
  })

  it('takes estimate, roles and complexity of a given plan from the plan', () => {
    const plan = v.parse(PlanSchema, {
      tasks: [
        { key: 'a', role: 'backend' },
        { key: 'b', role: 'frontend', dependsOn: ['a'] },
        { key: 'c', role: 'backend', dependsOn: ['a'] },
        { key: 'd', role: 'writer', dependsOn: ['b', 'c'], verify: [{ judge: 'x' }] },
      ],
    })
    expect(by({ plan })).toMatchObject({
      roles: ['backend', 'frontend', 'writer'],
      complexity: 'moderate',
      estimate: { tasks: 4, parallelism: 2 },
    })
    expect(by({ plan, mode: 'sequential' }).estimate.parallelism).toBe(1)
  })

  it('counts a second call only of tasks that can look into documents', () => {
    const tasks = [
      { key: 'a', role: 'writer', tools: ['knowledge_search'] },
      { key: 'b', role: 'writer' },
      { key: 'c', role: 'nobody-yet' },
    ]
    const prompts = (changes: Partial<AnalysisInput>) =>
      by({ plan: v.parse(PlanSchema, { tasks }), ...changes })
        .estimate.drivers?.map(({ what }) => what)
        .find((what) => what.startsWith('prompts'))
    const documents = [{ ...outlineDocument('a.md', ''), sizeBytes: 4_000 }]
    expect(prompts({ documents })).toBe('prompts of 3 tasks, 5 calls in all')
    expect(prompts({ documents: [] })).toBe('prompts of 3 tasks, 3 calls in all')
  })

  it('adds the judgements of a chain to its time', () => {
    const chain = (verify: object[]) =>
      by({
        documents: [],
        plan: v.parse(PlanSchema, {
          tasks: [
            { key: 'a', role: 'writer', verify },
            { key: 'b', role: 'writer', dependsOn: ['a'], verify },
            { key: 'c', role: 'writer', verify },
          ],
        }),
      }).estimate.seconds.expected
    expect(chain([{ judge: 'x' }]) / chain([])).toBe(2)
  })

  it('reckons time from the tasks on record, those of the same roles first, and else says that it guesses', () => {
    const done = (ofRole: string, runs: number, meanLatencyMs: number | null, model = base.model) => ({
      taskType: 'general',
      role: ofRole,
      agentId: 'agt_x',
      model,
      runs,
      successes: runs,
      meanScore: null,
      meanLatencyMs,
      meanTokens: null,
      meanCostUsd: null,
    })
    const plan = v.parse(PlanSchema, { tasks: [{ key: 'a', role: 'writer' }] })
    const timeWith = (stats: AnalysisInput['stats']) => by({ plan, documents: [], stats }).estimate
    expect(timeWith([done('writer', 6, 3_000), done('analyst', 50, 90_000)])).toMatchObject({
      seconds: { low: 1.5, expected: 3, high: 6 },
      secondsBasis: expect.stringContaining('6 tasks of these roles with scripted:default took 3.0 s each') as unknown,
    })
    expect(timeWith([done('writer', 1, 3_000), done('analyst', 5, 9_000)])).toMatchObject({
      seconds: { expected: 8 },
      secondsBasis: expect.stringContaining('6 tasks of other roles') as unknown,
    })
    for (const stats of [[], [done('writer', 4, 1_000)], [done('writer', 9, 1_000, 'x:y')], [done('writer', 9, null)]])
      expect(timeWith(stats)).toMatchObject({
        seconds: { low: 3, expected: 12, high: 48 },
        secondsBasis: expect.stringContaining('a guess of 12 s a model call') as unknown,
      })
  })

  it('reckons a plan of 10,000 tasks quickly', () => {
    const tasks = Array.from({ length: 10_000 }, (_, i) => ({
      key: `t${i}`,
      role: 'a',
      dependsOn: i === 0 ? [] : [`t${i - 1}`],
    }))
    const started = performance.now()
    expect(by({ plan: v.parse(PlanSchema, { tasks }) }).estimate).toMatchObject({ tasks: 10_000, parallelism: 1 })
    expect(performance.now() - started).toBeLessThan(20_000)
  })

  it('uses the roles that a goal names, and available ones that do the same work', () => {
    expect(by({ goal: 'Let @backend build it and @qa test it, mail me@example.org' }).roles).toEqual(['backend', 'qa'])
    expect(
      by({ availableRoles: [role('scout', 'Researches sources'), role('analyst'), role('writer')] }).roles,
    ).toEqual(['scout', 'analyst', 'writer'])
  })

  it('counts images and pages by what a model makes of them, whatever their bytes', () => {
    const { estimate, warnings, requirements } = by({ documents: [IMAGE, PDF] })
    const shown = estimate.drivers?.find(({ what }) => what.startsWith('images and PDFs'))
    expect(shown).toMatchObject({
      what: 'images and PDFs, about 31600 tokens a call',
      inputTokens: estimate.tasks * 31_600,
    })
    expect(estimate.drivers?.some(({ what }) => what.startsWith('passages'))).toBe(false)
    expect(warnings).toEqual([])
    expect(requirements.some(({ text }) => text.startsWith('Cite document'))).toBe(false)
  })

  it.each([
    [{ documents: [] }, 'none came with the request'],
    [{ documents: [IMAGE], simulated: true }, 'reads text alone'],
    [{ goal: 'Compare a.md with missing.md' }, 'names "missing.md", which is not among the documents'],
    [{ goal: 'Logs' }, 'very short'],
    [{ availableRoles: [] }, 'no agent has the role "researcher"'],
    [{ goal: 'Let @writter say it well' }, 'one will be drafted, unless you meant "writer"'],
    [{ budget: { tokens: 100 } }, 'the budget of 100 tokens is below'],
    [{ budget: { tokens: 100 } }, 'may not pay for one task: the run may end at once'],
    [{ budget: { costUsd: 0.0001 } }, 'the budget of $0.0001 is below the $'],
    [{ documents: [{ ...outlineDocument('a.md', ''), sizeBytes: 1_000_000 }] }, 'about 250000 tokens'],
  ])('warns of %j', (changes, expected) => {
    expect(by(changes).warnings.join('\n')).toContain(expected)
  })
})

describe('analyzeRequest', () => {
  const answer = {
    type: 'research',
    confidence: 0.9,
    complexity: 'complex',
    requirements: [{ text: 'Be exact', source: 'explicit' }],
    roles: ['analyst'],
    warnings: ['No deadline is given'],
  }
  const ask = async (script: { text: string }[], changes: Partial<AnalysisInput> = {}, simulated = false) => {
    const { deps, model } = scripted(script)
    const outcome = await analyzeRequest(
      { ...deps, simulated },
      { ...base, ...changes, signal: new AbortController().signal },
    )
    return { ...outcome, calls: model.journal.length }
  }

  it('takes what the utility model understood and reckons the rest itself', async () => {
    const { analysis, usage } = await ask([{ text: JSON.stringify(answer) }])
    expect(analysis).toMatchObject({ ...answer, by: 'scripted:default', warnings: ['No deadline is given'] })
    expect(analysis.estimate.tasks).toBeGreaterThan(2)
    expect(usage.modelCalls).toBe(1)
  })

  it('repairs once', async () => {
    const { analysis, calls } = await ask([
      { text: JSON.stringify({ ...answer, roles: ['Data Person'] }) },
      { text: JSON.stringify(answer) },
    ])
    expect(analysis.by).toBe('scripted:default')
    expect(calls).toBe(2)
  })

  it('falls back to the rules and says so', async () => {
    const { analysis, turns } = await ask([{ text: 'no' }, { text: 'no' }])
    expect(analysis).toMatchObject({
      type: 'comparison',
      by: expect.stringContaining(
        'rules, since scripted:default gave no analysis: the model gave no valid analysis',
      ) as unknown,
    })
    expect(turns).toHaveLength(2)
  })

  it('asks no simulated model, and none about a plan that is given', async () => {
    expect(await ask([], {}, true)).toMatchObject({ calls: 0, analysis: { by: 'rules' } })
    const plan = v.parse(PlanSchema, { tasks: [{ key: 'a', role: 'writer' }] })
    expect(await ask([], { plan })).toMatchObject({ calls: 0, analysis: { by: 'rules', estimate: { tasks: 1 } } })
  })
})
