import { EFFORTS, type Effort } from './port.ts'

/** How a Claude model is kept from thinking: by leaving it out, by a word, or not at all. */
type ThinkingOff = 'omit' | 'disabled' | 'between_tools' | 'impossible'

export type ThinkingAbility = Readonly<{
  /** `budget` in tokens, `adaptive` by effort, `never` where the model does not think. */
  by: 'never' | 'budget' | 'adaptive'
  efforts: readonly Effort[]
  off: ThinkingOff
}>

const THREE = ['low', 'medium', 'high'] as const
const FIVE = ['low', 'medium', 'high', 'xhigh', 'max'] as const

/** First match wins. Newer models than these think adaptively and cannot be kept from it. */
const THINKING: readonly (readonly [RegExp, ThinkingAbility])[] = [
  [/^claude-(2|instant|3-(5|opus|sonnet|haiku))/, { by: 'never', efforts: [], off: 'omit' }],
  [/^claude-opus-4-5/, { by: 'budget', efforts: THREE, off: 'omit' }],
  [/^claude-(3-7|(opus|sonnet)-4(-[01])?(-\d{8})?$|sonnet-4-5|haiku-4-5)/, { by: 'budget', efforts: [], off: 'omit' }],
  [/^claude-(opus|sonnet)-4-6/, { by: 'adaptive', efforts: ['low', 'medium', 'high', 'max'], off: 'omit' }],
  [/^claude-opus-4-[78]/, { by: 'adaptive', efforts: FIVE, off: 'omit' }],
  [/^claude-sonnet-5-5/, { by: 'adaptive', efforts: FIVE, off: 'between_tools' }],
  [/^claude-(haiku-5-5|(opus|sonnet)-5(-\d{8})?$)/, { by: 'adaptive', efforts: FIVE, off: 'disabled' }],
]

export const thinkingAbility = (model: string): ThinkingAbility =>
  THINKING.find(([pattern]) => pattern.test(model))?.[1] ?? { by: 'adaptive', efforts: FIVE, off: 'impossible' }

/** First match wins. Newer models than these take every level but `minimal`. */
const OPENAI: readonly (readonly [RegExp, readonly Effort[]])[] = [
  [/^(gpt-[34]|chatgpt-4|o1-(mini|preview))/, []],
  [/^o\d/, THREE],
  [/^gpt-5-pro/, ['high']],
  [/^gpt-5-codex/, THREE],
  [/^gpt-5(-|$)/, ['minimal', 'low', 'medium', 'high']],
  [/^gpt-5\.\d-pro/, ['medium', 'high', 'xhigh']],
  [/^gpt-5\.1-codex-max/, ['none', 'low', 'medium', 'high', 'xhigh']],
  [/^gpt-5\.1/, ['none', 'low', 'medium', 'high']],
  [/^gpt-5\.[2-5]/, ['none', 'low', 'medium', 'high', 'xhigh']],
]

export const openAIEfforts = (model: string): readonly Effort[] =>
  OPENAI.find(([pattern]) => pattern.test(model))?.[1] ?? ['none', 'low', 'medium', 'high', 'xhigh', 'max']

/** Models that match their prompt cache at marked places only, and take marks. */
export const takesCacheBreakpoints = (model: string): boolean => /^gpt-(5\.[6-9]|[6-9])/.test(model)

const readsNoImages = (model: string): boolean => /^(claude-(2|instant)|gpt-3|o1-(mini|preview)|o3-mini)/.test(model)

/** What a model can be shown, by its name; servers tell of others by refusing. */
export const readsImages = (model: string): boolean => !readsNoImages(model)

/** The level asked for, or the next one below it that there is, or the lowest; undefined where there is none. */
export function nearestEffort(asked: Effort, accepted: readonly Effort[]): Effort | undefined {
  const rank = (effort: Effort): number => EFFORTS.indexOf(effort)
  const below = accepted.filter((effort) => rank(effort) <= rank(asked)).toSorted((a, b) => rank(b) - rank(a))
  return below[0] ?? accepted.toSorted((a, b) => rank(a) - rank(b))[0]
}
