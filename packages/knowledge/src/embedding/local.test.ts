import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { createLocalEmbeddings } from './local.ts'
import { dot } from './vector.ts'

const ALWAYS_ENDS = new URL('data:text/javascript,process.exit(3)')

/** A thread that ends at the first message of all, and answers how many texts it was given in later ones. */
const endsOnce = (flag: string) => `
  import { existsSync, writeFileSync } from 'node:fs'
  import { parentPort } from 'node:worker_threads'
  parentPort.on('message', ({ texts, dimensions }) => {
    if (existsSync(${JSON.stringify(flag)})) return parentPort.postMessage({ flat: new Float32Array(texts.length * dimensions).fill(texts.length) })
    writeFileSync(${JSON.stringify(flag)}, '')
    process.exit(3)
  })`

describe('the model', () => {
  const local = createLocalEmbeddings()
  afterAll(() => local.close())

  test('places a paraphrase closer than what is unrelated', async () => {
    const [question, paraphrase, unrelated] =
      (await local.embed([
        'How do I reset my password?',
        'I forgot my login and cannot get into my account.',
        'The sprinklers above the racks open one by one.',
      ])) ?? []
    if (!question || !paraphrase || !unrelated) throw new Error('expected three vectors')
    expect(dot(question, paraphrase)).toBeGreaterThan(0.4)
    expect(dot(question, unrelated)).toBeLessThan(0.2)
    expect(dot(question, question)).toBeCloseTo(1, 5)
  })

  test('answers every text in order, whatever it is', async () => {
    const texts = ['one', '', '😀', '日本語', 'x'.repeat(3_000), 'a\n\nb\r\n\r\nc', '   ', 'two', 'one']
    const vectors = (await local.embed(texts)) ?? []
    expect(vectors.map((vector) => vector.length)).toEqual(texts.map(() => local.dimensions))
    expect(vectors.map((vector) => Math.round(dot(vector, vector)))).toEqual([1, 0, 1, 1, 1, 1, 0, 1, 1])
    expect(vectors[8]).toEqual(vectors[0])
    expect(await local.embed([])).toEqual([])
  })

  test('does not keep an idle process alive', async () => {
    const program = `import { createLocalEmbeddings } from ${JSON.stringify(new URL('./local.ts', import.meta.url).href)}
      const vectors = await createLocalEmbeddings().embed(['hello'])
      console.log(vectors.length, vectors[0].length)`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program])
    expect(stdout).toBe('1 512\n')
  })
})

describe('a thread that ends', () => {
  test('is replaced once, and what it worked on is done again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'embeddings-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const program = pathToFileURL(join(folder, 'ends-once.mjs'))
    await writeFile(program, endsOnce(join(folder, 'flag')))
    const failures: Error[] = []
    const local = createLocalEmbeddings({ program, onFailure: (error) => failures.push(error) })
    onTestFinished(() => local.close())
    const [many, one] = await Promise.all([local.embed(['a', 'b', 'c', 'd', 'e']), local.embed(['f'])])
    expect(many?.map((vector) => vector[0])).toEqual([4, 4, 4, 4, 1])
    expect(one?.length).toBe(1)
    expect(failures.length).toBe(1)
  })

  test('twice in a row leaves the provider without an answer, then and later', async () => {
    const failures: Error[] = []
    const local = createLocalEmbeddings({ program: ALWAYS_ENDS, onFailure: (error) => failures.push(error) })
    expect(await Promise.all([local.embed(['a']), local.embed(['b', 'c'])])).toEqual([null, null])
    expect(await local.embed(['d'])).toBeNull()
    expect(failures.length).toBe(2)
    await local.close()
  })

  test('that cannot start counts as one that ended', async () => {
    const local = createLocalEmbeddings({ program: new URL('./is-not-there.ts', import.meta.url) })
    expect(await local.embed(['a'])).toBeNull()
  })

  test('by close answers what is waiting with null', async () => {
    const local = createLocalEmbeddings()
    const waiting = local.embed(['a'])
    await local.close()
    expect(await waiting).toBeNull()
    expect(await local.embed(['b'])).toBeNull()
  })
})
