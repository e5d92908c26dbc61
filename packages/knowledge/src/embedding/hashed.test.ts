import { expect, test } from 'vitest'
import { createHashedEmbeddings } from './hashed.ts'
import { dot } from './vector.ts'

const hashed = createHashedEmbeddings()
const closeness = async (...pair: [string, string]) => {
  const [a, b] = (await hashed.embed(pair)) ?? []
  return a && b ? dot(a, b) : NaN
}

test.each([
  ['restore the backup', 'restoring backups', 'water the tomatoes'],
  ['Der Versand ist kostenlos', 'kostenloser Versand', 'Rechnungen sind fällig'],
  ['defibrillator', 'defibrilator', 'calibration'],
  ['café', 'CAFE', 'cake'],
  ['保存期間は七年です', '保存期間について', '天気がよい'],
  ['ретрай задачи', 'задача', 'погода'],
])('%s is closer to %s than to %s', async (text, like, unlike) => {
  expect(await closeness(text, like)).toBeGreaterThan((await closeness(text, unlike)) + 0.15)
})

test('answers the same vector of length 1 each time, and zeros for a text without words', async () => {
  const [first, again, none] = (await hashed.embed(['The same text.', 'the SAME text', '— … !'])) ?? []
  expect(first).toEqual(again)
  expect(first && dot(first, first)).toBeCloseTo(1, 5)
  expect(none?.every((value) => value === 0)).toBe(true)
  expect(first?.length).toBe(hashed.dimensions)
})
