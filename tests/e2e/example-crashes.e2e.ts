import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { RunDocument, RunEvent } from '@flotilla/domain'
import { describe, expect, test } from 'vitest'
import { ROOT } from './fixture/program.ts'
import { completions, untilEnded } from './fixture/run-record.ts'
import { QUICK_RECOVERY } from './fixture/quick-recovery.ts'
import { useSystem } from './fixture/system.ts'

const EXAMPLE = path.join(ROOT, 'examples/durability')

async function readExample(): Promise<{ goal: string; documents: RunDocument[] }> {
  const names = (await readdir(EXAMPLE)).filter((name) => name.endsWith('.md'))
  const documents = names.map(async (name) => ({ name, content: await readFile(path.join(EXAMPLE, name), 'utf8') }))
  return {
    goal: (await readFile(path.join(EXAMPLE, '../goal.txt'), 'utf8')).trim(),
    documents: await Promise.all(documents),
  }
}

describe('the example run', () => {
  const system = useSystem(() => ({
    backend: 'postgres',
    env: {
      FLOTILLA_MODEL: '',
      ...QUICK_RECOVERY,
    },
  }))

  test('is completed, each task once and with the same result, though its worker is killed three times', async () => {
    const { client } = system()
    const example = await readExample()
    const undisturbed = await untilEnded(client, (await client.runs.create(example)).id)
    expect(undisturbed.run.status).toBe('completed')

    const moments = new Set(randomMoments(undisturbed.events.length - 2))
    const { id } = await client.runs.create(example)
    for await (const { seq } of client.runs.follow(id)) if (moments.has(seq)) await system().kill('worker-1')
    const { run, events } = await untilEnded(client, id)
    expect(run.status).toBe('completed')
    expect(completions(events)).toEqual(completions(undisturbed.events))
    expect(Object.values(completions(events)).every((count) => count === 1)).toBe(true)
    expect(run.result).toEqual(undisturbed.run.result)
    const planned = (all: readonly RunEvent[]): number => all.filter(({ type }) => type === 'run.plan_ready').length
    expect(planned(events)).toBe(1)
  })
})

/** Three event numbers: other ones each time, told by the run when it fails. */
function randomMoments(last: number): number[] {
  const moments = Array.from({ length: 3 }, () => 1 + Math.floor(Math.random() * last))
  process.stderr.write(`killing the worker at the events ${moments.join(', ')}\n`)
  return moments
}
