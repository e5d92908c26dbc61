import type { Prompt } from '../prompts/prompt.ts'
import type { AssembledContext, ContextMode, CountTokens } from './context-record.ts'
import { fitSections, type SectionDraft } from './fit-sections.ts'
import { tag } from './markup.ts'

/** Room for the tags around sections and for what two texts count differently when joined. */
const SEAM_TOKENS = 24

/** `sections` in the order of their importance for room; `order` names them in the order in which they are read. */
export function assemblePrompt(input: {
  mode: ContextMode
  prompt: Prompt
  system: string
  sections: readonly SectionDraft[]
  order: readonly string[]
  tokenBudget: number
  countTokens: CountTokens
}): AssembledContext {
  const { mode, prompt, system, countTokens, tokenBudget } = input
  const modeTag = tag('mode', {}, mode)
  const fixed = countTokens(system) + countTokens(modeTag) + SEAM_TOKENS
  const fitted = fitSections(input.sections, Math.max(0, tokenBudget - fixed), countTokens)
  const inOrder = input.order.flatMap((name) => fitted.filter((section) => section.name === name))
  const firstMessage = [modeTag, ...inOrder.map((section) => section.text).filter((text) => text !== '')].join('\n\n')
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
    record: {
      mode,
      prompt: { id: prompt.id, version: prompt.version },
      tokenBudget,
      tokens: countTokens(system) + countTokens(firstMessage),
      sections: [systemRecord, ...inOrder.map((section) => section.record)],
    },
  }
}
