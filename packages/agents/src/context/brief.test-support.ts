import type { Output, Passage } from '@flotilla/domain'
import type { TaskBrief } from '../brief.ts'

export const outputOf = (text: string): Output => ({ text, artifacts: [], citations: [], simulated: false })

export const passageOf = (document: string, startLine: number, text: string): Passage => ({
  document,
  startLine,
  endLine: startLine + text.split('\n').length - 1,
  start: 0,
  end: text.length,
  text,
  score: 1,
})

/** A brief of the first attempt of a plain task over one document; `changes` replace whole parts. */
export function briefOf(changes: Partial<TaskBrief> = {}): TaskBrief {
  return {
    runId: 'run_00000000000000000000000000',
    goal: 'Find how long logs are kept',
    inputs: {},
    task: {
      key: 'find',
      role: 'researcher',
      title: 'Find the retention time',
      instructions: 'Find how long logs are kept and cite it.',
      type: 'answer',
      verify: [],
      tools: ['knowledge_search', 'read_document', 'write_artifact'],
      timeoutSeconds: 300,
      turnTimeoutSeconds: null,
    },
    agent: {
      id: 'agt_00000000000000000000000000',
      name: 'Ada',
      description: 'Reads carefully.',
      systemPrompt: '',
      model: 'offline:default',
      maxTurns: 8,
      maxOutputTokens: 2_000,
      modelSettings: {},
    },
    dependencies: [],
    documents: [{ name: 'ops.md', lines: 20, sizeBytes: 800, mediaType: null, pages: null }],
    attempt: { number: 1, kind: 'first', revisions: 0 },
    revision: null,
    ...changes,
  }
}

/** Counts words: quick, and exact enough to test what is fitted and what is cut. */
export const countWords = (text: string): number => text.split(/\s+/).filter((word) => word !== '').length
