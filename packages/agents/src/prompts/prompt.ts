/** A versioned text. Any change of `text` is a new `version`: outcomes are compared by it. */
export type Prompt = Readonly<{ id: string; version: number; text: string }>
