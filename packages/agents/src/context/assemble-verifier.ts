import type { Citation, Output } from '@flotilla/domain'
import type { DocumentInfo } from '../brief.ts'
import { verifierPrompt } from '../prompts/verifier.ts'
import { assemblePrompt } from './assemble-prompt.ts'
import type { AssembledContext, CountTokens } from './context-record.ts'
import { listSection, textSection } from './draft-sections.ts'
import type { SectionDraft } from './fit-sections.ts'
import { escapeText, tag } from './markup.ts'

const ORDER = ['goal', 'task', 'documents', 'evidence', 'artifacts', 'output', 'criteria']

/**
 * The prompt of a judge (mode VERIFIER). `criteria` are sentences, judged in this order. The evidence is what stands at the
 * cited places, not what the output says stands there; `unresolved` are markers that lead nowhere.
 */
export function assembleVerifierContext(input: {
  goal: string
  task: Readonly<{ key: string; title: string; instructions: string }>
  criteria: readonly string[]
  output: Output
  unresolved?: readonly string[]
  artifacts?: readonly Readonly<{ name: string; mediaType: string; content: string }>[]
  /** Images and PDFs that the task was shown, and the judge is not. */
  shown?: readonly DocumentInfo[]
  tokenBudget: number
  countTokens: CountTokens
}): AssembledContext {
  const { task, output } = input
  return assemblePrompt({
    mode: 'VERIFIER',
    prompt: verifierPrompt,
    system: verifierPrompt.text,
    sections: [
      criteriaToJudge(input.criteria),
      textSection('task', task.instructions || task.title, 0.4, 'what was to be done', {
        key: task.key,
        title: task.title,
      }),
      textSection('goal', input.goal, 0.4, 'the goal of the run'),
      textSection('output', output.text, 0.7, 'what is judged'),
      evidenceSection(output.citations, input.unresolved ?? []),
      artifactsSection(input.artifacts ?? []),
      shownSection(input.shown ?? []),
    ],
    order: ORDER,
    tokenBudget: input.tokenBudget,
    countTokens: input.countTokens,
  })
}

const criteriaToJudge = (criteria: readonly string[]): SectionDraft =>
  listSection(
    'criteria',
    criteria.map((text, i) => tag('criterion', { number: i + 1, by: 'judge' }, escapeText(text))),
    0.6,
    'what to judge',
  )

function evidenceSection(citations: readonly Citation[], unresolved: readonly string[]): SectionDraft {
  const quotes = citations.map(({ marker, quote }) => tag('quote', { marker }, escapeText(quote)))
  const broken = unresolved.map((marker) => tag('unresolved', { marker }))
  return listSection('evidence', [...broken, ...quotes], 0.7, 'what stands at the cited places')
}

const NOT_SHOWN =
  'The author was shown these images and PDFs; you are not. That you cannot check what is said of them is nothing against it.'

function shownSection(shown: readonly DocumentInfo[]): SectionDraft {
  const names = shown.map(({ name, mediaType }) => tag('document', { name, type: mediaType ?? undefined }))
  const items = names.length === 0 ? [] : [NOT_SHOWN, ...names]
  return listSection('documents', items, 0.5, 'images and PDFs that the author was shown')
}

const artifactsSection = (
  artifacts: readonly Readonly<{ name: string; mediaType: string; content: string }>[],
): SectionDraft => ({
  name: 'artifacts',
  items: artifacts.map(({ name, mediaType, content }) => ({
    text: escapeText(content),
    wrap: (text) => tag('artifact', { name, type: mediaType }, text),
  })),
  short: 'trim',
  share: 1,
  why: 'artifacts that the task wrote',
  wrap: (items) => tag('artifacts', {}, items.join('\n')),
})
