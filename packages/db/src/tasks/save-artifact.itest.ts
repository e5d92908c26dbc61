import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRecord, type TestRecord } from '../testing/record-fixture.ts'
import { readTaskArtifacts, saveArtifact } from './save-artifact.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
afterAll(() => record.close())

const input = { name: 'report.md', mediaType: 'text/markdown', content: 'one', attempt: 1 }

describe('an artifact', () => {
  it('is saved, and replaced by the task that wrote it', async () => {
    const runId = await record.plant([{ status: 'in_progress' }])
    const claim = { runId, idx: 0, fence: 1 }
    expect(await saveArtifact(record.db, claim, input)).toEqual({ kind: 'saved' })
    expect(await saveArtifact(record.db, claim, { ...input, content: 'zwölf', attempt: 2 })).toEqual({ kind: 'saved' })
    expect(await readTaskArtifacts(record.db, claim, 100)).toEqual([
      { name: 'report.md', mediaType: 'text/markdown', sizeBytes: 6, content: 'zwölf' },
    ])
    expect((await readTaskArtifacts(record.db, claim, 2))[0]?.content).toBe('zw')
  })

  it('belongs to the task that wrote it first', async () => {
    const runId = await record.plant([{ status: 'in_progress' }, { status: 'in_progress' }])
    const results = await Promise.all([0, 1].map((idx) => saveArtifact(record.db, { runId, idx, fence: 1 }, input)))
    const kept = results.findIndex((result) => result.kind === 'saved')
    expect(results[1 - kept]).toEqual({ kind: 'taken', taskKey: `t${kept}` })
  })

  it.each([
    ['an old fence', 0, 0],
    ['a judge', 1, 1],
    ['no claim', 2, 0],
  ])('of %s is refused', async (_, idx, fence) => {
    const runId = await record.plant([{ status: 'in_progress' }, { status: 'verifying' }, {}])
    expect(await saveArtifact(record.db, { runId, idx, fence }, input)).toEqual({ kind: 'lost' })
    expect(await readTaskArtifacts(record.db, { runId, idx }, 9)).toEqual([])
  })
})
