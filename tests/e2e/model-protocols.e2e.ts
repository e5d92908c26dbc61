import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { MODELS, PRICE, startModelServer, type ModelServer, type ProtocolName } from './fixture/model-server.ts'
import { analysis, byMode, judgement, plan } from './fixture/planned.ts'
import { runFlotilla } from './fixture/program.ts'
import { completions, untilEnded } from './fixture/run-record.ts'
import { temporaryFolder, useSystem } from './fixture/system.ts'
import { TOKENS } from './wire/protocol.ts'

const CALL_USD = (TOKENS.input * PRICE.input + TOKENS.output * PRICE.output) / 1e6

const protocols: ProtocolName[] = ['anthropic', 'responses', 'chat']

describe.each(protocols)('a model behind the wire protocol %s', (protocol) => {
  const { model, utilityModel } = MODELS[protocol]
  let models: ModelServer
  beforeAll(async () => {
    models = await startModelServer()
  })
  afterAll(() => models.close())
  const system = useSystem(() => ({ backend: 'postgres', env: models.env(protocol) }))

  test('plans a goal, works on it with tools, and is judged', async () => {
    const { client } = system()
    const goal = 'Find the depth of the harbour and write it down'
    const documents = [
      { name: 'harbour.md', content: '# Harbour\n\nThe harbour is 12 m deep.\nThe quay is 300 m long.\n' },
    ]
    models.script(
      goal,
      byMode({
        ANALYSIS: () => analysis('question'),
        COORDINATOR: () =>
          plan(
            [
              { key: 'find', role: 'researcher', verify: [{ rule: 'citations', value: 1 }] },
              { key: 'write', dependsOn: ['find'], verify: [{ judge: 'Says the depth', threshold: 0.7 }] },
            ],
            'write',
          ),
        VERIFIER: () => judgement(0.9, 'The output says 12 m.'),
        TASK_EXECUTION: ({ task, turn }) => {
          if (task === 'find' && turn === 1)
            return { call: [{ tool: 'knowledge_search', arguments: { query: 'depth of the harbour' } }] }
          if (task === 'find') return { say: 'The harbour is 12 m deep [harbour.md:3].' }
          const args = { name: 'depth.md', content: '# Depth\n\n12 m\n' }
          return turn === 1
            ? { call: [{ tool: 'write_artifact', arguments: args }] }
            : { say: 'It is 12 m deep [harbour.md:3].' }
        },
      }),
    )
    const { id } = await client.runs.create({ goal, documents })
    const { run, events } = await untilEnded(client, id)

    expect(run).toMatchObject({
      status: 'completed',
      simulated: false,
      dispatch: { kind: 'generated', planner: model, repairs: 0, simulated: false },
      analysis: { type: 'question', by: utilityModel },
      result: { text: 'It is 12 m deep [harbour.md:3].', simulated: false },
    })
    expect(run.result?.citations).toEqual([
      expect.objectContaining({ document: 'harbour.md', startLine: 3, quote: 'The harbour is 12 m deep.' }),
    ])
    expect(completions(events)).toEqual({ find: 1, write: 1 })
    const calls = models.calls(goal)
    expect(calls.map(({ mode, task, turn }) => `${mode} ${task ?? ''} ${turn}`)).toEqual([
      'ANALYSIS  1',
      'COORDINATOR  1',
      'TASK_EXECUTION find 1',
      'TASK_EXECUTION find 2',
      'TASK_EXECUTION write 1',
      'TASK_EXECUTION write 2',
      'VERIFIER write 1',
    ])
    // What the tool found came back over the wire.
    expect(calls[3]?.text).toContain('3: The harbour is 12 m deep.')
    expect(calls[2]?.tools).toEqual(['knowledge_search', 'read_document', 'write_artifact'])

    expect(run.usage).toMatchObject({
      modelCalls: 7,
      toolCalls: 2,
      inputTokens: 7 * TOKENS.input,
      outputTokens: 7 * TOKENS.output,
    })
    expect(run.usage.costUsd).toBeCloseTo(7 * CALL_USD, 10)
    expect(run.budget.spent).toMatchObject({ tokens: 7 * (TOKENS.input + TOKENS.output), toolCalls: 2 })
    const write = await client.tasks.get(id, 'write')
    expect(write.verdicts).toEqual([
      expect.objectContaining({ decision: 'accepted', judgeModel: utilityModel, score: 0.9 }),
    ])
    expect(write.turns[0]?.toolCalls).toEqual([
      expect.objectContaining({ tool: 'write_artifact', status: 'succeeded' }),
    ])
    const artifact = await client.artifacts.get(id, 'depth.md')
    expect(new TextDecoder().decode(artifact.content)).toBe('# Depth\n\n12 m\n')
    expect(await client.runs.report(id)).toContain('12 m deep')
  })

  test('is shown the images and PDFs that the command line was given', async () => {
    const goal = 'Say what the chart shows'
    const chart = Buffer.from('\u0089PNG\r\n\u001A\n the chart', 'latin1')
    const report = Buffer.from('%PDF-1.7 /Type /Page the report')
    const folder = await temporaryFolder()
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    await mkdir(path.join(folder, 'docs'))
    await writeFile(path.join(folder, 'docs/chart.png'), chart)
    await writeFile(path.join(folder, 'docs/report.pdf'), report)
    await writeFile(path.join(folder, 'plan.json'), JSON.stringify({ tasks: [{ key: 'say', role: 'writer' }] }))
    models.script(goal, byMode({ TASK_EXECUTION: () => ({ say: 'It rises.' }) }))
    const args = ['run', goal, '--docs', 'docs', '--plan', 'plan.json']
    const { code, stdout, stderr } = await runFlotilla(args, { env: system().env, cwd: folder })
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stdout).toContain('It rises.')
    const calls = models.calls(goal)
    expect(calls).toHaveLength(1)
    for (const { name, file } of [
      { name: 'chart.png', file: chart },
      { name: 'report.pdf', file: report },
    ]) {
      expect(calls[0]?.first).toContain(`<shown document="${name}"`)
      expect(calls[0]?.first).toContain(file.toString('base64'))
    }
    expect(calls[0]?.tools).toEqual(['write_artifact'])
  })
})
