import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { loadTools } from './load-tools.ts'
import type { Tool } from './tool.ts'

const PAYMENTS = new URL('./fixtures/payments.ts', import.meta.url)
const MISTAKEN = new URL('./fixtures/mistaken.ts', import.meta.url)
const CLASHING = new URL('./fixtures/clashing.ts', import.meta.url)
const SINGLE = new URL('./fixtures/single.ts', import.meta.url)
const HANGING = new URL('./fixtures/hanging.ts', import.meta.url)
const ODD = new URL('./fixtures/odd.ts', import.meta.url)

const FOLDER = fileURLToPath(new URL('.', PAYMENTS))
const nameOf = (module: URL): string => path.basename(fileURLToPath(module))

const problems = async (...modules: URL[]): Promise<readonly string[]> => {
  const loaded = await loadTools(modules.map(nameOf), FOLDER)
  return loaded.ok ? [] : loaded.problems
}
const tools = async (module: URL): Promise<readonly Tool[]> => {
  const loaded = await loadTools([nameOf(module)], FOLDER)
  return loaded.ok ? loaded.tools : []
}
const context = { effectId: 'e1', signal: new AbortController().signal }

describe('tools of a module', () => {
  test('are loaded with their retry classes', async () => {
    const loaded = await tools(PAYMENTS)
    expect(loaded.map(({ name, retry, needsDocuments }) => [name, retry, needsDocuments])).toEqual([
      ['read_balance', 'safe', false],
      ['tag_account', 'idempotent', false],
      ['pay_out', 'unsafe', false],
    ])
    const pay = loaded[2]
    expect(await pay?.reconcile?.({ account: 'a' }, context)).toEqual({ kind: 'not_happened' })
    expect(await pay?.run({ account: 'a' }, context)).toEqual({ ok: true, text: 'receipt 1' })
    expect(await pay?.reconcile?.({ account: 'a' }, context)).toEqual({ kind: 'happened', result: 'receipt 1' })
  })

  test('are not run with arguments that their schema does not take', async () => {
    const [read] = await tools(PAYMENTS)
    const outcome = await read?.run({ name: 'a' }, context)
    expect(outcome?.ok).toBe(false)
    expect(outcome?.text).toContain(
      "The arguments of read_balance are wrong: the value must have required property 'account'",
    )
  })

  test('that answer nonsense break', async () => {
    const [odd] = await tools(ODD)
    await expect(odd?.run({}, context)).rejects.toThrow(
      'the tool odd answered "done"; expected { ok: boolean, text: string }',
    )
  })
})

describe('what is wrong with a module', () => {
  test('is said of every tool, with what was expected and found', async () => {
    expect(await problems(MISTAKEN)).toEqual([
      'mistaken.ts: tool 1 "read document", name: expected letters, digits, "_" and "-", at most 64, a letter first, found "read document"',
      'mistaken.ts: tool 2 "fly", parameters: expected a JSON Schema with "type": "object", found an object',
      'mistaken.ts: tool 2 "fly", retry: expected "safe", "idempotent" or "unsafe", found "never"',
      'mistaken.ts: tool 2 "fly", timeoutMs: expected at least 1 ms, found 0',
      'mistaken.ts: tool 2 "fly", run: expected a function (args, { effectId, signal }) => Promise<{ ok, text }>, found "soon"',
      expect.stringContaining('mistaken.ts: tool 3 "swim", parameters: not a usable JSON Schema'),
      expect.stringContaining('mistaken.ts: tool 4 "walk", reconcile: only an unsafe tool is asked'),
      'mistaken.ts: tool 5: expected a tool, as defineTool makes one, found "run"',
      'mistaken.ts: tool 6 "sit", description: expected a description: what it does, for the model, found nothing',
      'mistaken.ts: tool 6 "sit", parameters: expected a JSON Schema, found nothing',
      'mistaken.ts: tool 6 "sit", retry: expected "safe", "idempotent" or "unsafe", found nothing',
      'mistaken.ts: tool 6 "sit", timeoutMs: expected milliseconds, found nothing',
      'mistaken.ts: tool 6 "sit", run: expected a function (args, { effectId, signal }) => Promise<{ ok, text }>, found nothing',
    ])
  })

  test('may be that it is not there, or exports something else', async () => {
    expect(await problems(new URL('./fixtures/none.ts', import.meta.url), SINGLE)).toEqual([
      expect.stringMatching(/^none\.ts: cannot be loaded from \/.*fixtures\/none\.ts: /),
      'single.ts: expected an array of tools as its default export, found an object',
    ])
  })

  test('may be that its top level never ends', async () => {
    const loaded = await loadTools([nameOf(HANGING)], FOLDER, { loadMs: 20 })
    expect(loaded).toEqual({
      ok: false,
      problems: [
        expect.stringMatching(/^hanging\.ts: cannot be loaded from .*: it is not done after 0\.02 s; expected/),
      ],
    })
  })

  test('may be a name that is taken', async () => {
    expect(await problems(PAYMENTS, CLASHING)).toEqual([
      'clashing.ts: the tool "read_document" exists already, in Flotilla itself: rename it',
      'clashing.ts: the tool "odd" exists already, in clashing.ts: rename it',
    ])
  })
})
