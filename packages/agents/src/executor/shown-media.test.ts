import { expect, test } from 'vitest'
import { bench, historyOf } from './executor.test-support.ts'

const look = (text: string) => ({ name: 'look', arguments: { text } })
const CHART = { name: 'chart.png', lines: 0, sizeBytes: 9, mediaType: 'image/png', pages: null }

test('images are recorded by reference, and their bytes are put into each call', async () => {
  const asked: string[] = []
  const { run, turns, requests } = bench([{ toolCalls: [look('a')] }, { text: 'It rose.' }], {
    searchKnowledge: () => Promise.reject(new Error('there is no text to search')),
    loadMedia: async (name) => {
      asked.push(name)
      return 'iVBORw0KGgo='
    },
  })
  expect(await run({ brief: { documents: [CHART] } })).toMatchObject({ kind: 'output' })
  const image = { type: 'image', mediaType: 'image/png', endsPrefix: true }
  for (const { request } of requests)
    expect(request.messages[0]?.content).toContainEqual({ ...image, source: { data: 'iVBORw0KGgo=' } })
  expect(requests).toHaveLength(2)
  expect(asked).toEqual(['chart.png', 'chart.png'])
  expect(turns[0]?.request.messages[0]?.content).toContainEqual({ ...image, source: { ref: 'chart.png' } })
  expect(turns[0]?.context?.sections.at(-1)).toMatchObject({ name: 'shown', tokens: 5_000 })
})

test('a conversation that goes on sends its images again', async () => {
  const brief = { documents: [CHART] }
  const before = bench([{ toolCalls: [look('a')] }, { text: 'never heard' }])
  await before.run({ brief })
  const history = historyOf(before.turns, 1, [{ n: 0, status: 'succeeded', result: 'looked', mayRepeat: false }])
  const after = bench([{ text: 'It rose.' }], { loadMedia: async () => 'iVBORw0KGgo=' })
  expect(await after.run({ brief, history })).toMatchObject({ kind: 'output' })
  expect(JSON.stringify(after.requests[0]?.request.messages[0])).toContain('"data":"iVBORw0KGgo="')
})
