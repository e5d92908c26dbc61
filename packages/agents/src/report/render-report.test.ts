import { NO_SPEND, NO_USAGE, type RunView, type TaskFacts, type VerdictView } from '@flotilla/domain'
import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { buildReport, type ReportData } from './build-report.ts'
import { escapeInline, nestMarkdown } from './escape-markdown.ts'
import { formatDuration, formatUsd } from './format-figures.ts'
import { renderReportMarkdown } from './render-report.ts'
import { ReportSchema } from './report-schema.ts'

const run: RunView = {
  id: 'run_1',
  status: 'completed',
  goal: 'Compare <b>A</b> | B\n# and decide',
  inputs: {},
  mode: 'parallel',
  priority: 5,
  labels: {},
  planVersion: 1,
  analysis: null,
  dispatch: {
    kind: 'generated',
    template: null,
    reason: 'Two | sources',
    planner: 'anthropic:x',
    repairs: 0,
    simulated: false,
  },
  progress: { total: 1, completed: 1, failed: 0, skipped: 0, percent: 100 },
  budget: {
    limits: { tokens: 200_000, costUsd: 1.5 },
    reserved: NO_SPEND,
    spent: { tokens: 1_234, costUsd: 0.0123, toolCalls: 2, seconds: 61 },
  },
  usage: { ...NO_USAGE, inputTokens: 1_000, outputTokens: 234, modelCalls: 3, costUsd: 0.0123 },
  quality: { score: 0.9, parts: { completion: 1, verification: 0.8 } },
  result: {
    text: '# Answer\n\nLogs: 30 days [ops.md:3].\n\n```\n# not a heading\n```',
    citations: [
      {
        marker: '[ops.md:3]',
        document: 'ops.md',
        startLine: 3,
        endLine: 3,
        start: 0,
        end: 10,
        quote: 'Logs are *kept* | 30 days.',
      },
    ],
    simulated: false,
  },
  cancellation: null,
  error: null,
  simulated: false,
  createdAt: '2026-11-21T10:00:00.000Z',
  startedAt: '2026-11-21T10:00:00.500Z',
  finishedAt: '2026-11-21T10:01:05.500Z',
}
const verdict: VerdictView = {
  attempt: 1,
  decision: 'revise',
  score: 0.5,
  judgeModel: 'anthropic:y',
  at: '2026-11-21T10:00:30.000Z',
  findings: [
    { criterion: 'At least | 5', by: 'rule', rationale: 'expected 5,\nfound 3', score: 0, passed: false },
    { criterion: 'Reads well', by: 'judge', rationale: 'It does', score: 1, passed: true },
  ],
}
const task: TaskFacts = {
  id: 'task_1',
  key: 'find',
  runId: 'run_1',
  status: 'completed',
  role: 'researcher',
  type: 'research',
  title: 'Find | it',
  dependsOn: [],
  agent: { id: 'agt_1', name: 'Ada' },
  model: 'anthropic:x',
  attempt: 3,
  begun: 2,
  usage: run.usage,
  score: 0.8,
  startedAt: '2026-11-21T10:00:01.000Z',
  finishedAt: '2026-11-21T10:00:31.000Z',
  error: null,
}
const data = (changes: Partial<RunView> = {}, tasks: Partial<TaskFacts>[] = [{}]): ReportData => ({
  run: { ...run, ...changes },
  tasks: tasks.map((more, i) => ({ ...task, ...more, verdicts: i === 0 ? [verdict] : [] })),
  artifacts: [
    {
      name: 'a|b.md',
      mediaType: 'text/markdown',
      sizeBytes: 2_048,
      sha256: 'abc',
      taskKey: 'find',
      createdAt: run.createdAt,
    },
  ],
  estimated: { calls: 0, costUsd: 0 },
  unknown: { calls: 0, costUsdAtMost: 0 },
  generatedAt: '2026-11-21T10:02:00.000Z',
})
const markdown = (input: ReportData) => renderReportMarkdown(buildReport(input))

/** Lines outside of code fences, as CommonMark tells them. */
function outside(text: string): string[] {
  let fence: string | null = null
  return text.split('\n').filter((line) => {
    if (fence === null) {
      fence = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/.exec(line)?.[1] ?? null
      return fence === null
    }
    if (/^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(line)?.[1]?.startsWith(fence)) fence = null
    return false
  })
}
const headings = (text: string, level: number) =>
  outside(text).filter((line) => new RegExp(`^#{1,${level}} `).test(line))
const columns = (row: string) => row.replaceAll(/\\./g, '').split('|').length

describe('buildReport', () => {
  it('fits its schema and carries everything', () => {
    const report = buildReport(
      data({}, [{}, { key: 'write', error: { code: 'tool_failed', message: 'no' }, finishedAt: null }]),
    )
    expect(v.parse(ReportSchema, report)).toEqual(report)
    expect(report).toMatchObject({
      runId: 'run_1',
      timings: { waitMs: 500, durationMs: 65_000 },
      tasks: [
        { key: 'find', agent: 'Ada', attempts: 2, tokens: 1_234, costUsd: 0.0123, durationMs: 30_000 },
        { durationMs: null },
      ],
      errors: [{ code: 'tool_failed', taskKey: 'write' }],
    })
  })

  it('tells an error once that the run took from a task', () => {
    const error = { code: 'verification_failed', message: 'rejected' }
    expect(buildReport(data({ error }, [{ error }])).errors).toEqual([{ ...error, taskKey: 'find' }])
    const named = { ...error, message: 'task "find" failed: rejected', taskKey: 'find' }
    expect(buildReport(data({ error: named }, [{ error }])).errors).toEqual([{ ...error, taskKey: 'find' }])
    expect(buildReport(data({ error: { code: 'budget_exceeded', message: 'x' } }, [{ error }])).errors).toHaveLength(2)
  })
})

describe('renderReportMarkdown', () => {
  it('shows goal, result with sources, tasks, verdicts, budget, artifacts and timings', () => {
    const text = markdown(data())
    expect(headings(text, 2)).toEqual([
      '# Report of run\\_1',
      '## Goal',
      '## Overview',
      '## Result',
      '## Tasks',
      '## Verdicts',
      '## Budget',
      '## Artifacts',
      '## Timings',
    ])
    expect(text).toContain('> Compare \\<b\\>A\\</b\\> \\| B\n> \\# and decide')
    expect(text).toContain('### Answer\n\nLogs: 30 days [ops.md:3].\n\n```\n# not a heading\n```')
    expect(text).toContain('- \\[ops.md:3\\] “Logs are \\*kept\\* \\| 30 days.”')
    expect(text).toContain(
      '| find | Find \\| it | researcher | Ada | anthropic:x | completed | 2 | 0.80 | 1,234 | $0.0123 | 30.0 s |',
    )
    expect(text).toContain('| find | 1 | revise | failed 0.00 | At least \\| 5 | rule | expected 5, found 3 |')
    expect(text).toContain('| find | 1 | revise | passed 1.00 | Reads well | judge anthropic:y | It does |')
    expect(text).toContain('| Tokens | 1,234 | – | 200,000 |')
    expect(text).toContain('| Cost | $0.0123 | – | $1.5000 |')
    expect(text).toContain('| Seconds | 61 | – | no limit |')
    expect(text).toContain('| a\\|b.md | text/markdown | 2,048 | find | abc |')
    expect(text).toContain('| Finished | 2026-11-21T10:01:05.500Z | took 1 min 5 s |')
    expect(text).not.toContain('Simulated')
  })

  it('shows what was expected beside what was used', () => {
    const figure = { low: 900, expected: 1_000, high: 1_200, actual: 1_234, within: false }
    const estimate = { tokens: figure, costUsd: { ...figure, low: 0.01, high: 0.02 }, seconds: figure }
    const text = renderReportMarkdown({ ...buildReport(data()), estimate })
    expect(text).toContain('| Tokens | 1,234 | 900 to 1,200 | 200,000 |')
    expect(text).toContain('| Cost | $0.0123 | $0.0100 to $0.0200 | $1.5000 |')
  })

  it('says what calls of unknown usage may have cost at most', () => {
    const unknown = { calls: 3, costUsdAtMost: 0.25 }
    expect(markdown({ ...data(), unknown })).toContain(
      '| Cost | $0.0123; 3 calls ended without telling the usage: at most $0.2500 more |',
    )
  })

  it('says which part of the cost is estimated', () => {
    const estimated = { calls: 2, costUsd: 0.004 }
    expect(markdown({ ...data(), estimated })).toContain(
      '| Cost | $0.0123, of it $0.004 estimated: the usage of 2 of the calls was not told |',
    )
  })

  it('says so where no model stands behind it', () => {
    expect(markdown(data({ simulated: true }))).toContain('> **Simulated.** No language model was asked')
    expect(markdown(data({ result: { text: 'x', citations: [], simulated: true } }))).toContain('**Simulated.**')
  })

  it('shows a failed run with its partial result and errors, and an unfinished one without', () => {
    const failed = markdown(
      data({ status: 'failed', error: { code: 'budget_exceeded', message: 'the budget | is used up' } }),
    )
    expect(failed).toContain('The run is failed: what follows is what its completed tasks produced.')
    expect(failed).toContain('## Errors\n\n- budget\\_exceeded: the budget \\| is used up')
    const early = markdown({
      ...data(
        { status: 'planning', result: null, quality: null, dispatch: null, startedAt: null, finishedAt: null },
        [],
      ),
      artifacts: [],
    })
    expect(early).toContain('There is no result.')
    expect(early).toContain('| Started | – | after – |')
  })

  it.each([
    [String.raw`\`<!--\``, String.raw`\`\<!--\``],
    [String.raw`\<!--`, String.raw`\<!--`],
    [String.raw`\\<!--`, String.raw`\\\<!--`],
    ['`<!--`', '`<!--`'],
  ])('lets no tag out of %s', (text, shown) => {
    expect(nestMarkdown(text, 2)).toBe(shown)
  })

  it('keeps its own structure whatever the texts say', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc
        .array(
          fc.constantFrom(
            '|',
            '\n',
            '# x',
            '## Verdicts',
            '```',
            '~~~',
            '<!--',
            '<script>',
            '---',
            '===',
            '\\',
            '`',
            '> ',
            '- ',
            'a',
            ' ',
            '\r',
            '\u2028',
            '\u202e',
            '&lt;',
            '| --- |',
            '    ',
          ),
          { maxLength: 20 },
        )
        .map((parts) => parts.join('')),
    )
    const expected = headings(markdown(data()), 2)
    fc.assert(
      fc.property(hostile, hostile, (text, other) => {
        const report = markdown(
          data(
            {
              goal: text,
              dispatch: { ...(run.dispatch as NonNullable<RunView['dispatch']>), reason: other, planner: text },
              result: {
                text: `${other}\n${text}`,
                citations: [
                  {
                    ...(run.result?.citations[0] as NonNullable<RunView['result']>['citations'][number]),
                    marker: text,
                    quote: other,
                  },
                ],
                simulated: false,
              },
            },
            [{ title: text, role: other, agent: { id: 'x', name: text }, model: other, key: text }],
          ),
        )
        expect(headings(report, 2)).toEqual(expected)
        const at = report.lastIndexOf('\n## Tasks\n')
        const rows = report
          .slice(at)
          .split('\n')
          .filter((line) => line.startsWith('| '))
        for (const [head, count] of [
          ['| Task | Title', 13],
          ['| Task | Attempt', 9],
        ] as const) {
          const first = rows.findIndex((row) => row.startsWith(head))
          expect(rows.slice(first, first + 3).map(columns)).toEqual([count, count, count])
        }
        expect(
          outside(report)
            .join('\n')
            .replace(/\\[\\`<]|(`+)[^`\n]*\1(?!`)/g, ''),
        ).not.toMatch(/<(?:!--|script)/)
      }),
      { numRuns: 300 },
    )
  })
})

describe('nestMarkdown', () => {
  it.each([
    ['# A\n## B', '### A\n#### B'],
    ['Title\n=====\ntext', '### Title\ntext'],
    ['Title\n---', '#### Title'],
    ['a\n\n---\n\nb', 'a\n\n---\n\nb'],
    ['- item\n---', '- item\n---'],
    ['```\n# x', '```\n# x\n```'],
    ['~~~~\n~~~\n# x\n~~~~\n# y', '~~~~\n~~~\n# x\n~~~~\n### y'],
    ['`<b>` <b> 1 < 2 <!--', '`<b>` \\<b> 1 < 2 \\<!--'],
    ['###### deep', '###### deep'],
    ['#no heading', '#no heading'],
  ])('nests %j', (text, expected) => {
    expect(nestMarkdown(text, 2)).toBe(expected)
  })

  it('is quick on hostile lines', () => {
    const started = performance.now()
    for (const text of [
      '`'.repeat(20_000),
      '` '.repeat(20_000),
      '<'.repeat(50_000),
      '#'.repeat(50_000),
      ' '.repeat(50_000),
      '`a``'.repeat(10_000),
    ])
      nestMarkdown(text, 2)
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})

it('figures are short and exact enough', () => {
  expect([0, 0.000123, 0.0123, 1.5, 1234.5].map(formatUsd)).toEqual([
    '$0',
    '$0.00012',
    '$0.0123',
    '$1.5000',
    '$1234.50',
  ])
  expect([null, 12, 1_500, 65_000, 3_720_000].map(formatDuration)).toEqual([
    '–',
    '12 ms',
    '1.5 s',
    '1 min 5 s',
    '1 h 2 min',
  ])
  expect(escapeInline('a\u0000b\u202ec', 3)).toBe('a b c'.slice(0, 2) + '…')
})
