/** Turns texts into vectors whose cosine says how close the texts are. */
export interface EmbeddingProvider {
  /** Kept beside each vector: only vectors of one name compare. */
  readonly name: string
  readonly dimensions: number
  /** One vector of length 1 per text, in order; null when the provider cannot serve (any more). Never rejects. */
  embed(texts: readonly string[]): Promise<readonly Float32Array[] | null>
  /** Ends what the provider holds; afterwards it answers null. */
  close(): Promise<void>
}
