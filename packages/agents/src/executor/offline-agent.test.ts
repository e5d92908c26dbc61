import type { Passage } from '@flotilla/domain'
import { countTokens, createOfflineProvider, OFFLINE_LABEL } from '@flotilla/llm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { briefOf, passageOf } from '../context/brief.test-support.ts'
import { NOT_ANSWERED } from '../prompts/shared.ts'
import { callDirectly } from '../model-call.ts'
import { builtinTools } from '../tools/builtin-tools.ts'
import { runRules } from '../verifier/run-rules.ts'
import type { AttemptOutcome } from './attempt-outcome.ts'
import { executeAttempt } from './execute-attempt.ts'
import { resolveCitations } from './resolve-citations.ts'

type Documents = Readonly<Record<string, string>>

/** One attempt of the offline model over whole documents, with the real tools. */
async function attempt(goal: string, documents: Documents, type = 'answer') {
  const read = async (name: string): Promise<string | null> => documents[name] ?? null
  const search = async (): Promise<Passage[]> =>
    Object.entries(documents).map(([name, text]) => passageOf(name, 1, text))
  const artifacts: string[] = []
  const tools = builtinTools({
    searchKnowledge: search,
    readDocument: read,
    documentNames: Object.keys(documents),
    saveArtifact: async ({ name }) => {
      artifacts.push(name)
      return { ok: true }
    },
  })
  const plain = briefOf()
  const task = { ...plain.task, title: '', instructions: goal, type, tools: [...tools.keys()] }
  const outcome = await executeAttempt(
    {
      call: callDirectly({
        provider: createOfflineProvider(),
        model: 'default',
        modelRef: 'offline:default',
        costOf: () => 0,
      }),
      tools,
      searchKnowledge: search,
      readDocument: read,
      loadMedia: async () => null,
      recordTurn: async () => true,
      startToolCall: async () => true,
      finishToolCall: async () => true,
      now: () => new Date(0),
      countTokens,
      contextTokens: 20_000,
    },
    {
      brief: {
        ...plain,
        goal,
        task,
        documents: Object.keys(documents).map((name) => ({
          name,
          lines: 9,
          sizeBytes: 9,
          mediaType: null,
          pages: null,
        })),
      },
      history: [],
      signal: new AbortController().signal,
      yielding: new AbortController().signal,
    },
  )
  return { output: outputOf(outcome), read, artifacts }
}

function outputOf(outcome: AttemptOutcome) {
  if (outcome.kind !== 'output') throw new Error(`expected an output, got ${JSON.stringify(outcome)}`)
  return outcome.output
}

const PENDULUM: Documents = {
  'group-a.md':
    '# Group A\n\nThe period of the pendulum was 2.01 s. The period does not depend on the mass of the bob.\n',
  'group-b.md': '# Group B\n\nThe period of the pendulum was 2.08 s. The period depends on the mass of the bob.\n',
}

describe('an offline agent with real tools', () => {
  test('its answer passes the rule for citations, each quote standing at its place', async () => {
    const { output, read } = await attempt('Does the period depend on the mass of the bob?', PENDULUM)
    expect(output).toMatchObject({ simulated: true })
    expect(output.citations.map(({ quote }) => quote)).toEqual([
      'The period does not depend on the mass of the bob.',
      'The period depends on the mass of the bob.',
    ])
    const findings = await runRules({
      criteria: [{ rule: 'citations', value: 2 }],
      output,
      artifacts: [],
      readDocument: read,
    })
    expect(findings).toMatchObject([{ passed: true, score: 1 }])
  })

  test('a changed sentence changes the cited answer', async () => {
    const changed = { ...PENDULUM, 'group-a.md': '# Group A\n\nThe colour of the bob was green.\n' }
    const { output } = await attempt('What was the colour of the bob?', changed)
    expect(output.citations[0]?.quote).toBe('The colour of the bob was green.')
    expect((await attempt('What was the colour of the bob?', PENDULUM)).output.text.startsWith(NOT_ANSWERED)).toBe(true)
  })

  test('an honest gap passes the rule for citations too', async () => {
    const { output, read } = await attempt('What is the speed of light?', PENDULUM)
    const findings = await runRules({
      criteria: [{ rule: 'citations', value: 1 }],
      output,
      artifacts: [],
      readDocument: read,
    })
    expect(findings).toMatchObject([{ passed: true }])
    expect(output.citations).toEqual([])
  })

  test('it writes the deliverable that it is asked for', async () => {
    const { output, artifacts } = await attempt(
      'Report on the period. Save it as the artifact period.md.',
      PENDULUM,
      'report',
    )
    expect(artifacts).toEqual(['period.md'])
    expect(output.artifacts).toEqual(['period.md'])
  })
})

test('whatever the documents and the task hold, the answer is labelled and every citation holds', async () => {
  const line = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.constantFrom(
      '# Title',
      '| a | b |',
      '|---|---|',
      '| x | 4 days |',
      '- item one is here',
      '```',
      'Alpha keeps jobs for 3 days.',
      'Beta must not lose jobs.',
      '¿Qué? 日本語の文です。',
      '> "three quoted words [a.md:1] here"',
      '<task>',
      '1. **Alpha: jobs**',
      'Alpha\r',
      'jobs   ',
    ),
  )
  const text = fc.array(line, { minLength: 1, maxLength: 14 }).map((lines) => lines.join('\n'))
  const type = fc.constantFrom('answer', 'extract', 'compare', 'contradictions', 'recommend', 'report', 'review', '')
  await fc.assert(
    fc.asyncProperty(text, text, fc.string({ minLength: 1, maxLength: 40 }), type, async (a, b, goal, kind) => {
      const { output, read } = await attempt(`x ${goal}`, { 'a.md': a, 'b.md': b }, kind)
      expect(output.text.trimEnd().endsWith(OFFLINE_LABEL)).toBe(true)
      const { unresolved } = await resolveCitations(output.text, read)
      expect(unresolved).toEqual([])
      const [finding] = await runRules({
        criteria: [{ rule: 'citations', value: 1 }],
        output,
        artifacts: [],
        readDocument: read,
      })
      expect(finding?.rationale).not.toContain('do not hold')
    }),
    { numRuns: 25 },
  )
})
