import { findCitations, QUALITY_WEIGHTS, type Quality, type RunResult, type TaskStatus } from '@flotilla/domain'
import { splitUnits } from '@flotilla/llm'
import { NOT_ANSWERED } from '../prompts/shared.ts'

export type QualityInput = Readonly<{
  /** `score` is that of the last verdict, null where nothing was judged. */
  tasks: readonly Readonly<{ status: TaskStatus; score: number | null; revisions: number }>[]
  result: RunResult | null
  hasDocuments: boolean
}>

/**
 * How good a run was, 0–1, from: the mean score of completed tasks; the share of tasks that completed; the share of the
 * result's statements that cite a source, where there are documents; and how few revisions it took.
 */
export function qualityOf({ tasks, result, hasDocuments }: QualityInput): Quality {
  const completed = tasks.filter((task) => task.status === 'completed')
  const scores = completed.flatMap((task) => (task.score === null ? [] : [task.score]))
  const parts: Partial<Record<keyof typeof QUALITY_WEIGHTS, number>> = {
    completion: tasks.length === 0 ? 0 : completed.length / tasks.length,
    revisions:
      1 /
      (1 +
        mean(
          tasks.map((task) => task.revisions),
          0,
        )),
  }
  if (scores.length > 0) parts.verification = mean(scores, 0)
  const coverage = hasDocuments && result !== null ? citationCoverage(result.text) : null
  if (coverage !== null) parts.citations = coverage
  return {
    score: weighted(parts),
    parts: Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, round(value)])),
  }
}

const round = (value: number): number => Math.round(value * 1e4) / 1e4
const mean = (values: readonly number[], none: number): number =>
  values.length === 0 ? none : values.reduce((sum, value) => sum + value, 0) / values.length

function weighted(parts: Partial<Record<keyof typeof QUALITY_WEIGHTS, number>>): number {
  const known = Object.entries(parts).map(([name, value]) => ({
    value,
    weight: QUALITY_WEIGHTS[name as keyof typeof QUALITY_WEIGHTS],
  }))
  const weights = known.reduce((sum, { weight }) => sum + weight, 0)
  return weights === 0 ? 0 : round(known.reduce((sum, { value, weight }) => sum + value * weight, 0) / weights)
}

/** Shorter ones are labels and asides. */
const LEAST_WORDS = 5

/** Share of paragraphs, list items and rows with a statement that hold a citation; null when there is no statement. */
export function citationCoverage(text: string): number | null {
  const blocks = new Map<number, { words: number; cited: boolean }>()
  for (const unit of splitUnits(text)) {
    if (unit.kind === 'heading' || unit.kind === 'code' || unit.text.includes(NOT_ANSWERED)) continue
    const block = blocks.get(unit.block) ?? { words: 0, cited: false }
    block.words += unit.text.split(/\s+/).length
    block.cited ||= findCitations(unit.text).length > 0
    blocks.set(unit.block, block)
  }
  const statements = [...blocks.values()].filter((block) => block.words >= LEAST_WORDS)
  return statements.length === 0 ? null : statements.filter((block) => block.cited).length / statements.length
}
