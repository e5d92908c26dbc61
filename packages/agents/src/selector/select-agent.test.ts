import { AgentInputSchema, ROLE_PATTERN, SELECTION_WEIGHTS, type Agent, type AgentStats } from '@flotilla/domain'
import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { draftAgent } from './draft-agent.ts'
import { selectAgent, type SelectionInput } from './select-agent.ts'

const agent = (id: string, more: Partial<Agent> = {}): Agent => ({
  id,
  version: 1,
  origin: 'user',
  name: id,
  role: 'researcher',
  description: '',
  capabilities: [],
  model: null,
  systemPrompt: '',
  tools: [],
  maxTurns: 12,
  maxOutputTokens: 4_096,
  modelSettings: {},
  enabled: true,
  createdAt: '',
  updatedAt: '',
  ...more,
})
const record = (agentId: string, more: Partial<AgentStats> = {}): AgentStats => ({
  taskType: 'research',
  role: 'researcher',
  agentId,
  model: 'm',
  runs: 10,
  successes: 5,
  meanScore: 0.5,
  meanLatencyMs: 1_000,
  meanTokens: 100,
  meanCostUsd: 0.01,
  ...more,
})
const task = {
  role: 'researcher',
  type: 'research',
  title: 'Compare retention of logs',
  instructions: 'Read about databases and backups.',
}
const choose = (changes: Partial<SelectionInput>) =>
  selectAgent({ task, agents: [], stats: [], defaultModel: 'm', ...changes })

describe('selectAgent', () => {
  it('weighs parts that sum to 1', () => {
    expect(Object.values(SELECTION_WEIGHTS).reduce((a, b) => a + b, 0)).toBeCloseTo(1)
  })

  it('takes the only agent of the role and says so', () => {
    expect(
      choose({ agents: [agent('Ada'), agent('Bob', { role: 'writer' }), agent('Cyd', { enabled: false })] }),
    ).toMatchObject({
      agent: 'Ada',
      model: 'm',
      drafted: false,
      reason: '"Ada" is the only agent of the role "researcher"',
      candidates: [{ name: 'Ada' }],
    })
  })

  it('finds nobody for a role that no enabled agent has', () => {
    expect(choose({})).toBeNull()
    expect(choose({ agents: [agent('Ada', { enabled: false })] })).toBeNull()
  })

  it('marks a drafted agent', () => {
    expect(choose({ agents: [agent('Ada', { origin: 'drafted' })] })).toMatchObject({
      drafted: true,
      reason: 'no agent had the role "researcher", so "Ada" was drafted for it',
    })
  })

  it.each<[string, Partial<Agent>, Partial<AgentStats>, string]>([
    [
      'fitting capabilities',
      { capabilities: ['backups', 'log retention'] },
      {},
      'its capabilities fit better; the task speaks of backups, log retention',
    ],
    ['success', {}, { successes: 10 }, 'it succeeded more often'],
    ['quality', {}, { meanScore: 0.9 }, 'its work was scored higher'],
    ['speed', {}, { meanLatencyMs: 200 }, 'it is faster'],
    ['low cost', {}, { meanCostUsd: 0.001 }, 'it costs less'],
  ])('prefers %s', (_, more, stats, reason) => {
    const chosen = choose({ agents: [agent('Ada'), agent('Zoe', more)], stats: [record('Ada'), record('Zoe', stats)] })
    expect(chosen?.agent).toBe('Zoe')
    expect(chosen?.reason).toContain(`among 2 agents of the role "researcher": ${reason}`)
    expect(chosen?.candidates.map((c) => c.name)).toEqual(['Zoe', 'Ada'])
  })

  it('trusts many successes more than one', () => {
    const stats = [
      record('Ada', { runs: 1, successes: 1, meanScore: 1 }),
      record('Bob', { runs: 50, successes: 48, meanScore: 0.95 }),
    ]
    expect(choose({ agents: [agent('Ada'), agent('Bob')], stats })?.agent).toBe('Bob')
  })

  it('reads the record of this type and model, of any type only where there is none', () => {
    const stats = [
      record('Ada', { taskType: 'writing', successes: 0, meanScore: 0 }),
      record('Bob', { model: 'other', successes: 0 }),
    ]
    const parts = (extra: AgentStats[]) =>
      choose({ agents: [agent('Ada'), agent('Bob')], stats: [...stats, ...extra] })?.candidates
    const success = (name: string, extra: AgentStats[] = []) =>
      parts(extra)?.find((c) => c.name === name)?.parts.success
    expect(success('Ada')).toBeCloseTo(1 / 12)
    expect(success('Ada', [record('Ada', { successes: 10 })])).toBeCloseTo(11 / 12)
    expect(success('Bob')).toBe(0.5)
  })

  it('breaks ties by experience, then by name', () => {
    expect(choose({ agents: [agent('2', { name: 'Bob' }), agent('1', { name: 'Ada' })] })).toMatchObject({
      agent: 'Ada',
      reason: expect.stringContaining('first by name') as unknown,
    })
    const stats = [record('Bob', { runs: 2, successes: 1, meanScore: null, meanLatencyMs: null, meanCostUsd: null })]
    expect(choose({ agents: [agent('Ada'), agent('Bob')], stats })).toMatchObject({
      agent: 'Bob',
      reason: expect.stringContaining('more experience: 2 tasks') as unknown,
    })
  })

  it('chooses the same whatever the order, with parts and scores between 0 and 1', () => {
    const stats = fc.record({
      runs: fc.nat(50),
      score: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
      latency: fc.option(fc.nat(60_000)),
      cost: fc.option(fc.double({ min: 0, max: 2, noNaN: true })),
    })
    fc.assert(
      fc.property(fc.array(stats, { minLength: 1, maxLength: 6 }), fc.infiniteStream(fc.nat()), (rows, ranks) => {
        const agents = rows.map((_, i) => agent(`a${i}`, { name: `n${i % 2}` }))
        const known = rows.map((row, i) =>
          record(`a${i}`, {
            runs: row.runs,
            successes: Math.floor(row.runs / 2),
            meanScore: row.score,
            meanLatencyMs: row.latency,
            meanCostUsd: row.cost,
          }),
        )
        const chosen = choose({ agents, stats: known })
        const shuffled = agents
          .map((a) => ({ a, rank: ranks.next().value as number }))
          .toSorted((x, y) => x.rank - y.rank)
          .map(({ a }) => a)
        expect(choose({ agents: shuffled, stats: known.toReversed() })).toEqual(chosen)
        expect(chosen?.candidates).toHaveLength(agents.length)
        for (const { score, parts } of chosen?.candidates ?? [])
          for (const part of [score, ...Object.values(parts)]) expect(part >= 0 && part <= 1).toBe(true)
      }),
    )
  })
})

describe('draftAgent', () => {
  it('makes an agent of any role that a plan can name', () => {
    const draft = draftAgent('data-engineer', task)
    expect(draft).toMatchObject({
      name: 'Data engineer (drafted)',
      role: 'data-engineer',
      capabilities: ['data engineer'],
      tools: ['knowledge_search', 'write_artifact'],
      model: null,
      enabled: true,
    })
    expect(draft.systemPrompt).toContain('experienced data engineer')
    fc.assert(
      fc.property(fc.stringMatching(ROLE_PATTERN), fc.string(), (role, title) => {
        expect(v.is(AgentInputSchema, draftAgent(role, { type: '', title, instructions: '' }))).toBe(true)
      }),
    )
  })
})
