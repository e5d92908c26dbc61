import type { RequestAnalysis } from '@flotilla/client'
import { expect, test } from 'vitest'
import { analysisText } from './plan.ts'

test('an analysis for a reader, harmless to the terminal', () => {
  const answer: RequestAnalysis = {
    analysis: {
      type: 'security_audit',
      confidence: 0.876,
      complexity: 'complex',
      requirements: [
        { text: 'Find\u001B[2J leaks', source: 'explicit' },
        { text: 'Cite', source: 'inferred' },
      ],
      roles: ['auditor', 'writer'],
      estimate: {
        tasks: 7,
        parallelism: 3,
        tokens: { low: 1_000, expected: 2_000, high: 9_000 },
        costUsd: { low: 0.5, expected: 1, high: 2 },
        seconds: { low: 60, expected: 90, high: 90 },
        secondsBasis: 'a guess',
        drivers: [{ what: 'answers of 7 tasks', inputTokens: 0, outputTokens: 1_500, costUsd: 0.8 }],
      },
      warnings: ['no documents'],
      by: 'rules',
    },
    dispatch: { kind: 'template', template: 'audit', reason: 'fits', planner: 'x', repairs: 0, simulated: false },
    coaching: ['no documents', 'name the standard'],
    alternatives: [{ model: 'anthropic:claude-small', costUsd: 0.2 }],
    analysisCost: { calls: 0, costUsd: 0 },
  }
  expect(analysisText(answer, ['more than the month has left'])).toContain(
    'Warnings\n  - more than the month has left\n  - no documents',
  )
  const asked = {
    ...answer,
    analysis: { ...answer.analysis, by: 'a:small' },
    analysisCost: { calls: 2, costUsd: 0.24 },
  }
  expect(analysisText(asked)).toContain('analysed by a:small')
  expect(analysisText(asked)).toContain('Paid        the analysis itself took 2 calls, $0.24')
  expect(analysisText({ ...answer, dispatch: { ...answer.dispatch, kind: 'generated' } })).toContain(
    'Tasks       about 7, up to 3 at a time; a guess, for the model makes the plan',
  )
  expect(analysisText(answer)).toMatchInlineSnapshot(`
    "Request     security audit (88% sure), complex; analysed by rules
    Plan        template from "audit": fits
    Roles       @auditor, @writer
    Tasks       7, up to 3 at a time
    Tokens      about 2.0k (1.0k to 9.0k)
    Cost        about $1.00 ($0.50 to $2.00)
    Time        about 1 min 30 s (1 min to 1 min 30 s)
                a guess

    Requirements
      - Find leaks
      - Cite (inferred)

    What drives it
      - answers of 7 tasks: 1.5k tokens, $0.80

    The same with another model
      - anthropic:claude-small: about $0.20, 80% less

    Warnings
      - no documents

    What would help
      - name the standard"
  `)
})
