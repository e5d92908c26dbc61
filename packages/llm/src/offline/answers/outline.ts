import { asked, inWords, page } from '../compose.ts'
import { workOf } from '../intent.ts'
import type { Material } from '../material.ts'
import { splitUnits } from '../sentences.ts'
import { namesIn, topicWords } from '../words.ts'

/**
 * The text where there is nothing to quote from: no documents, and no cited output before it. It orders what was asked, and
 * says plainly that it holds no content.
 */
export function answerOutline(material: Material): string {
  const { goal, task, dependencies } = material
  const subject = task.title || asked(task.text || goal)
  const parts = partsOf(workOf(material))
  const names = namesIn(`${goal}\n${task.text}`)
  const words = topicWords(goal).slice(0, 10)
  return page([
    `# Outline: ${subject}`,
    'No documents were given and no language model is set up, so this orders the request and adds no content of its own.',
    ...(goal === '' ? [] : [`**Goal:** ${asked(goal)}`]),
    `## What is to be done\n\n${parts.map((part, i) => `${i + 1}. ${part}`).join('\n')}`,
    ...(words.length === 0
      ? []
      : [
          `## What it is about\n\n- Words that decide it: ${inWords(words)}${names.length === 0 ? '' : `\n- Names: ${inWords(names)}`}`,
        ]),
    ...(dependencies.length === 0
      ? []
      : [
          `## What it builds on\n\n${dependencies.map(({ title, key, text }) => `- ${title || key}: ${headOf(text)}`).join('\n')}`,
        ]),
    `## What to settle before work begins\n\n${
      words
        .slice(0, 4)
        .map((word) => `- What exactly does "${word}" have to mean here, and how would one see that it is done?`)
        .join('\n') || '- What would a finished result look like?'
    }`,
  ])
}

/** The pieces of a request: its sentences, cut where a list of demands goes on. */
function partsOf(text: string): string[] {
  const units = splitUnits(text).filter(({ kind }) => kind !== 'heading')
  const parts = units.flatMap((unit) =>
    unit.text.replace(/\s+/g, ' ').split(/;\s+|,\s+(?:and\s+)?(?=[a-z]+ (?:the|a|an|its|all|each|where|how|what)\b)/),
  )
  const tidy = parts.map((part) => part.trim().replace(/[.;,]$/, '')).filter((part) => part.length > 2)
  return tidy.slice(0, 12).map((part) => `${part.charAt(0).toUpperCase()}${part.slice(1)}`)
}

const headOf = (text: string): string => {
  const first = splitUnits(text).find(({ kind }) => kind === 'heading' || kind === 'sentence')
  return asked(first?.text ?? 'nothing that could be read')
}
