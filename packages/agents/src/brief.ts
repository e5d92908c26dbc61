import type { AttemptKind, Criterion, JsonObject, ModelSettings, Output, Passage, Verdict } from '@flotilla/domain'

/** Everything that one attempt starts from, read from the record in one go. */
export type TaskBrief = Readonly<{
  runId: string
  goal: string
  inputs: JsonObject
  task: Readonly<{
    key: string
    role: string
    title: string
    instructions: string
    type: string
    verify: readonly Criterion[]
    tools: readonly string[]
    timeoutSeconds: number
    /** Of one model call; null: only the attempt's limit. */
    turnTimeoutSeconds: number | null
  }>
  agent: Readonly<{
    id: string
    name: string
    description: string
    systemPrompt: string
    model: string
    maxTurns: number
    maxOutputTokens: number
    modelSettings: ModelSettings
  }>
  dependencies: readonly DependencyOutput[]
  documents: readonly DocumentInfo[]
  attempt: Readonly<{ number: number; kind: AttemptKind; revisions: number }>
  /** The verdict that asked for this revision, with the output that it judged; null on other attempts. */
  revision: Readonly<{ verdict: Verdict; output: Output }> | null
}>

export type DependencyOutput = Readonly<{ key: string; title: string; role: string; output: Output }>
/** `mediaType` null: text; an image or a PDF has no lines. `pages` of a PDF. */
export type DocumentInfo = Readonly<{
  name: string
  lines: number
  sizeBytes: number
  mediaType: string | null
  pages: number | null
}>

/** Searches the run's documents. Best first; empty when there is nothing or nothing fits. */
export type SearchKnowledge = (query: string, limit: number) => Promise<readonly Passage[]>
/** Reads one document of the run whole; null when the run has none of this name. */
export type ReadDocument = (name: string) => Promise<string | ShownDocument | null>
/** An image or a PDF: every task is shown it, and it has no text that could be read or cited. */
export type ShownDocument = Readonly<{ mediaType: string }>
/** The bytes of an image or a PDF of the run as base64; null when the run has none of this name. */
export type LoadMedia = (name: string) => Promise<string | null>
