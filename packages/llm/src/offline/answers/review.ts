import { findCitations } from '@flotilla/domain'
import { bullets, inWords, page, plural } from '../compose.ts'
import type { Evidence } from '../evidence.ts'
import type { Material } from '../material.ts'
import { splitUnits } from '../sentences.ts'
import { contentStems, topicWords } from '../words.ts'
import { conflictsToShow, topicOf } from './contradictions.ts'

/** The task "review": what can be counted of the outputs before it: citations, the goal's words, disputes left unsaid. */
export function answerReview(material: Material, evidence: Evidence): string {
  const { dependencies, goal } = material
  if (dependencies.length === 0)
    return page([
      '## Review',
      'There is no earlier output to review.',
      bullets(evidence.ranked.slice(0, 5).map(({ statement }) => statement)),
    ])
  return page([
    '## Review',
    ...dependencies.map(({ title, key, text }) => {
      const findings = [
        citationFinding(text),
        wordFinding(text, goal),
        disputeFinding(text, evidence),
        lengthFinding(text),
      ]
      return `### ${title || key}\n\n${findings.map((finding) => `- ${finding}`).join('\n')}`
    }),
  ])
}

function citationFinding(text: string): string {
  const sentences = splitUnits(text).filter(({ kind }) => kind === 'sentence' || kind === 'row')
  const cited = sentences.filter((unit) => findCitations(unit.text).length > 0)
  const documents = [...new Set(findCitations(text).map(({ document }) => document))]
  if (cited.length === 0) return 'No statement names its source.'
  return `${plural(cited.length, 'statement')} of ${sentences.length} name their source (${inWords(documents)}).`
}

function wordFinding(text: string, goal: string): string {
  const found = new Set(contentStems(text))
  const missing = topicWords(goal).filter((word) => !contentStems(word).some((root) => found.has(root)))
  return missing.length === 0
    ? 'It takes up every word of the goal.'
    : `It does not take up these words of the goal: ${inWords(missing.slice(0, 10))}.`
}

function disputeFinding(text: string, evidence: Evidence): string {
  const markers = new Set(findCitations(text).map(({ marker }) => marker))
  const oneSided = conflictsToShow(evidence, 1).filter(({ statements }) => {
    const shown = statements.filter((statement) => statement.markers.some((marker) => markers.has(marker)))
    return shown.length > 0 && shown.length < statements.length
  })
  if (oneSided.length === 0) return 'No disputed statement is given from one side only.'
  return `Disputed, but not given from all sides: ${inWords(oneSided.slice(0, 4).map((conflict) => `"${[conflict.subject?.name, topicOf(conflict)].filter(Boolean).join(': ')}"`))}.`
}

const lengthFinding = (text: string): string =>
  `It has ${plural(text.split(/\s+/).filter((word) => word !== '').length, 'word')}.`
