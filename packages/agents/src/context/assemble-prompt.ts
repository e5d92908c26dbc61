import type { Prompt } from '../prompts/prompt.ts'
import type { AssembledContext, ContextMode, CountTokens } from './context-record.ts'
import { fitSections, type SectionDraft } from './fit-sections.ts'
import { tag } from './markup.ts'

/** Room for the tags around sections and for what two texts count differently when joined. */
const SEAM_TOKENS = 24
const SEAM = '\n\n'

/** `sections` in the order of their importance for room; `order` names them in the order in which they are read. */
export function assemblePrompt(input: {
  mode: ContextMode
  prompt: Prompt
  system: string
  sections: readonly SectionDraft[]
  order: readonly string[]
  /** Those at the beginning of the order that all tasks of a run have alike. */
  shared?: readonly string[]
  tokenBudget: number
  countTokens: CountTokens
}): AssembledContext {
  const { mode, prompt, system, countTokens, tokenBudget } = input
  const modeTag = tag('mode', {}, mode)
  const fixed = countTokens(system) + countTokens(modeTag) + SEAM_TOKENS
  const fitted = fitSections(input.sections, Math.max(0, tokenBudget - fixed), countTokens)
  const inOrder = input.order.flatMap((name) => fitted.filter((section) => section.name === name))
  const textOf = (sections: typeof fitted): string[] => sections.map(({ text }) => text).filter((text) => text !== '')
  const firstMessage = [modeTag, ...textOf(inOrder)].join(SEAM)
  const common = textOf(inOrder.filter(({ name }) => input.shared?.includes(name)))
  const beginning = common.length === 0 ? '' : [modeTag, ...common].join(SEAM) + SEAM
  const shared = firstMessage.startsWith(beginning) ? beginning : ''
  const systemRecord = {
    name: 'system',
    included: true,
    tokens: countTokens(system),
    cutTokens: 0,
    why: 'prompt and agent',
  }
  return {
    system,
    firstMessage,
    shared,
    record: {
      mode,
      prompt: { id: prompt.id, version: prompt.version },
      tokenBudget,
      // In the parts that are sent: the first is alike in all tasks of a run, and counted once.
      tokens: countTokens(system) + countTokens(shared) + countTokens(firstMessage.slice(shared.length)),
      sections: [systemRecord, ...inOrder.map((section) => section.record)],
    },
  }
}
