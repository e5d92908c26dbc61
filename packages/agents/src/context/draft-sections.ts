import { isJudge, type Criterion, type JsonObject, type Passage } from '@flotilla/domain'
import type { DependencyOutput, DocumentInfo } from '../brief.ts'
import { describeCriterion } from './describe-criterion.ts'
import type { SectionDraft } from './fit-sections.ts'
import { escapeText, tag, type Attributes } from './markup.ts'
import { renderPassage } from './render-passage.ts'

const joined = (items: readonly string[]): string => items.join('\n')

/** One text in one tag, cut only when there is no room for it. */
export function textSection(
  name: string,
  text: string,
  share: number,
  why: string,
  attributes: Attributes = {},
): SectionDraft {
  return {
    name,
    items: text.trim() === '' ? [] : [{ text: escapeText(text) }],
    short: 'trim',
    share,
    why,
    wrap: (items) => tag(name, attributes, joined(items)),
  }
}

/** Several things of one kind, the most important first, in one tag; those at the end go when room is short. */
export function listSection(name: string, items: readonly string[], share: number, why: string): SectionDraft {
  return {
    name,
    items: items.map((text) => ({ text })),
    short: 'drop',
    share,
    why,
    wrap: (kept) => tag(name, {}, joined(kept)),
  }
}

export const inputsSection = (inputs: JsonObject): SectionDraft =>
  textSection(
    'inputs',
    Object.keys(inputs).length === 0 ? '' : JSON.stringify(inputs, null, 1),
    0.25,
    'given with the goal',
  )

export const documentsSection = (documents: readonly DocumentInfo[]): SectionDraft =>
  listSection(
    'documents',
    documents.map(({ name, lines, mediaType, pages }) =>
      tag('document', mediaType === null ? { name, lines } : { name, type: mediaType, pages: pages ?? undefined }),
    ),
    0.1,
    'names of the documents of the run',
  )

export const criteriaSection = (criteria: readonly Criterion[]): SectionDraft =>
  listSection(
    'criteria',
    criteria.map((criterion) =>
      tag('criterion', criterionAttributes(criterion), escapeText(describeCriterion(criterion))),
    ),
    0.5,
    'what the answer is checked against',
  )

function criterionAttributes(criterion: Criterion): Attributes {
  if (isJudge(criterion)) return { by: 'judge' }
  const value = 'value' in criterion ? criterion.value : undefined
  return { by: 'rule', rule: criterion.rule, value, name: criterion.rule === 'artifact' ? criterion.name : undefined }
}

export const dependenciesSection = (dependencies: readonly DependencyOutput[]): SectionDraft => ({
  name: 'dependencies',
  items: dependencies.map(({ key, title, role, output }) => ({
    text: escapeText(output.text),
    wrap: (text) => tag('dependency', { key, title, role, artifacts: output.artifacts.join(', ') || undefined }, text),
  })),
  short: 'trim',
  share: 0.7,
  why: 'outputs of the tasks that this one depends on',
  wrap: (items) => tag('dependencies', {}, joined(items)),
})

export const passagesSection = (passages: readonly Passage[]): SectionDraft =>
  listSection('passages', passages.map(renderPassage), 1, 'passages of the documents that fit the task, the best first')
