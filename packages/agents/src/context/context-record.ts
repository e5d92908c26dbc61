export type ContextMode = 'COORDINATOR' | 'TASK_EXECUTION' | 'VERIFIER'
export type CountTokens = (text: string) => number

/** What became of one section: `tokens` that went in, `cutTokens` that did not, and why. */
export type SectionRecord = Readonly<{
  name: string
  included: boolean
  tokens: number
  cutTokens: number
  why: string
}>

/**
 * What one prompt was made of. `tokens` counts the system text and the first message together, without the images and PDFs that
 * are shown with it.
 */
export type ContextRecord = Readonly<{
  mode: ContextMode
  prompt: Readonly<{ id: string; version: number }>
  tokenBudget: number
  tokens: number
  sections: readonly SectionRecord[]
}>

/** `shared`: the beginning of the first message that the run's other tasks have in common with it; empty where there is none. */
export type AssembledContext = Readonly<{
  system: string
  firstMessage: string
  shared: string
  record: ContextRecord
}>
