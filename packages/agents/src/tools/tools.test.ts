import type { Passage } from '@flotilla/domain'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { passageOf } from '../context/brief.test-support.ts'
import { BUILTIN_TOOLS, builtinTools, type ToolPorts } from './builtin-tools.ts'
import { callTool, MAX_RESULT_CHARS } from './call-tool.ts'
import { defineTool } from './tool.ts'
import { createToolRegistry, planToolIssues, toolSpecs } from './tool-registry.ts'
import type { ArtifactToSave } from './write-artifact.ts'

const LONG = Array.from({ length: 3_000 }, (_, i) => `Line number ${i + 1}.`).join('\n')
const DOCUMENTS: Readonly<Record<string, string>> = { 'ops.md': 'One.\nTwo <b>.\nThree.\n', 'long.md': LONG }

function toolbox(found: readonly Passage[] = []) {
  const saved: ArtifactToSave[] = []
  const queries: [string, number][] = []
  const ports: ToolPorts = {
    searchKnowledge: async (query, limit) => {
      queries.push([query, limit])
      return found.slice(0, limit)
    },
    readDocument: async (name) => (name === 'chart.png' ? { mediaType: 'image/png' } : (DOCUMENTS[name] ?? null)),
    saveArtifact: async (artifact) => {
      saved.push(artifact)
      return artifact.name === 'taken.md' ? { ok: false, message: 'another task wrote "taken.md"' } : { ok: true }
    },
    documentNames: Object.keys(DOCUMENTS),
  }
  const tools = builtinTools(ports)
  const call = (name: string, args: Parameters<typeof callTool>[1]) => {
    const tool = tools.get(name)
    if (!tool) throw new Error(`no tool ${name}`)
    return callTool(tool, args, { effectId: 'e1', signal: new AbortController().signal })
  }
  return { tools, call, saved, queries }
}

describe('knowledge_search', () => {
  test('answers passages with numbered lines', async () => {
    const { call, queries } = toolbox([passageOf('ops.md', 2, 'Two <b>.')])
    const { ok, text } = await call('knowledge_search', { query: ' logs ', limit: 3 })
    expect(ok).toBe(true)
    expect(text).toContain('<passage document="ops.md" lines="2-2">\n2: Two &lt;b>.\n</passage>')
    expect(queries).toEqual([['logs', 3]])
  })

  test('says when nothing fits', async () => {
    expect((await toolbox().call('knowledge_search', { query: 'x' })).text).toContain('Nothing in the documents fits')
  })

  test('bounds what it answers and says what is missing', async () => {
    const passages = Array.from({ length: 20 }, (_, i) => passageOf('long.md', i + 1, 'x'.repeat(3_000)))
    const { text } = await toolbox(passages).call('knowledge_search', { query: 'x', limit: 20 })
    expect(text.length).toBeLessThanOrEqual(MAX_RESULT_CHARS)
    expect(text).toMatch(/\d+ more did not fit/)
  })
})

describe('read_document', () => {
  test('of an image says where it is', async () => {
    const { ok, text } = await toolbox().call('read_document', { name: 'chart.png' })
    expect(ok).toBe(false)
    expect(text).toBe(
      '"chart.png" is of the type image/png: it is shown at the beginning of this conversation, and has no lines to read.',
    )
  })

  test('reads the lines asked for', async () => {
    const { text } = await toolbox().call('read_document', { name: 'ops.md', startLine: 2 })
    expect(text).toContain('lines="2-3">\n2: Two &lt;b>.\n3: Three.\n</passage>\n"ops.md" has 3 lines.')
  })

  test('a long document comes in parts that follow each other', async () => {
    const { call } = toolbox()
    const first = (await call('read_document', { name: 'long.md' })).text
    const next = Number(/read on with startLine (\d+)/.exec(first)?.[1])
    expect(first.length).toBeLessThanOrEqual(MAX_RESULT_CHARS)
    expect(first).toContain(`${next - 1}: Line number ${next - 1}.`)
    expect((await call('read_document', { name: 'long.md', startLine: next })).text).toContain(
      `${next}: Line number ${next}.`,
    )
  })

  test('names the documents that there are', async () => {
    const { ok, text } = await toolbox().call('read_document', { name: 'none.md' })
    expect(ok).toBe(false)
    expect(text).toBe('No document is named "none.md". The run has: ops.md, long.md.')
  })

  test('refuses lines that are not there', async () => {
    const { call } = toolbox()
    expect((await call('read_document', { name: 'ops.md', startLine: 9 })).ok).toBe(false)
    expect((await call('read_document', { name: 'ops.md', startLine: 3, endLine: 2 })).ok).toBe(false)
  })
})

describe('write_artifact', () => {
  test('saves under the effect id, the media type told by the name', async () => {
    const { call, saved, tools } = toolbox()
    const { text } = await call('write_artifact', { name: 'report.md', content: 'Tässä' })
    expect(saved).toEqual([{ name: 'report.md', mediaType: 'text/markdown', content: 'Tässä', effectId: 'e1' }])
    expect(text).toBe('Saved "report.md" (text/markdown, 7 bytes).')
    expect(tools.get('write_artifact')?.artifacts({ name: 'report.md', content: 'x' })).toEqual(['report.md'])
  })

  test.each(['../x', 'a/b', '..', '', 'a\nb'])('refuses %j as a name', async (name) => {
    const { call, saved } = toolbox()
    const { ok, text } = await call('write_artifact', { name, content: 'x' })
    expect(ok).toBe(false)
    expect(text).toContain('name: expected a file name')
    expect(saved).toEqual([])
  })

  test('passes a refusal on', async () => {
    expect(await toolbox().call('write_artifact', { name: 'taken.md', content: 'x' })).toEqual({
      ok: false,
      text: 'another task wrote "taken.md"',
    })
  })
})

describe('calling a tool', () => {
  const slow = (timeoutMs: number) =>
    defineTool({
      name: 'slow',
      description: '',
      parameters: v.strictObject({}),
      retry: 'safe',
      timeoutMs,
      run: () => new Promise(() => {}),
    })

  test('wrong arguments are explained and nothing runs', async () => {
    const { call, queries } = toolbox()
    const { ok, text } = await call('knowledge_search', { query: '', limit: 2.5, extra: true })
    expect(ok).toBe(false)
    expect(text).toContain('query: expected what to search for')
    expect(text).toContain('limit: expected a whole number')
    expect(queries).toEqual([])
  })

  test('running out of time is an answer', async () => {
    const outcome = await callTool(slow(1), {}, { effectId: 'e', signal: new AbortController().signal })
    expect(outcome).toMatchObject({ ok: false, text: expect.stringContaining('did not answer within') })
  })

  test('the attempt’s abort is not', async () => {
    const controller = new AbortController()
    const call = callTool(slow(60_000), {}, { effectId: 'e', signal: controller.signal })
    controller.abort(new Error('cancelled by its user'))
    await expect(call).rejects.toThrow('cancelled by its user')
  })

  test('long results are cut', async () => {
    const parrot = defineTool({
      name: 'p',
      description: '',
      parameters: v.strictObject({}),
      retry: 'safe',
      timeoutMs: 1_000,
      run: async () => ({ ok: true, text: 'é'.repeat(30_000) }),
    })
    const { text } = await callTool(parrot, {}, { effectId: 'e', signal: new AbortController().signal })
    expect(text).toContain('[cut here: 6000 more characters]')
  })
})

describe('the registry', () => {
  test('describes tools by JSON Schema and knows its own names', () => {
    const { tools } = toolbox()
    expect([...tools.keys()]).toEqual([...BUILTIN_TOOLS])
    expect(toolSpecs(tools, ['read_document', 'nothing'])).toMatchObject([
      { name: 'read_document', parameters: { type: 'object', required: ['name'], additionalProperties: false } },
    ])
  })

  test('lists the unknown tools of a plan with their paths', () => {
    expect(planToolIssues({ tasks: [{}, { tools: ['write_artifact', 'fly'] }] }, BUILTIN_TOOLS, ['plan'])).toEqual([
      {
        path: '/plan/tasks/1/tools/1',
        message: 'unknown tool "fly": expected one of knowledge_search, read_document, write_artifact',
      },
    ])
  })

  test('two tools of one name are a bug', () => {
    const tool = [...toolbox().tools.values()][0]
    expect(() => createToolRegistry(tool ? [tool, tool] : [])).toThrow('two tools have one name')
  })
})
