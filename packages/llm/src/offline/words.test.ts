import { describe, expect, test } from 'vitest'
import { contentStems, namesIn, stem, topicStems, topicWords, wordsOf } from './words.ts'

describe('stemming', () => {
  const groups = [
    ['guarantee', 'guarantees', 'guaranteed'],
    ['durable', 'durability'],
    ['acknowledge', 'acknowledged', 'acknowledges', 'acknowledgement', 'acknowledging'],
    ['replicate', 'replicated', 'replication', 'replicating'],
    ['policy', 'policies'],
    ['lose', 'lost', 'loses', 'losing', 'loss'],
    ['retain', 'kept', 'keeps', 'retention'],
    ['write', 'writes', 'written', 'wrote', 'writing'],
    ['commit', 'commits', 'committed', 'committing'],
    ['crash', 'crashes', 'crashed'],
    ['employee', 'employees', 'staff'],
    ['bake', 'baked', 'baking', 'bakes'],
  ]
  test.each(groups)('%s and its forms have one root', (...words) => {
    expect(new Set(words.map(stem)).size).toBe(1)
  })

  test('different words stay apart', () => {
    expect(stem('process')).toBe('process')
    expect(stem('bus')).toBe('bus')
    expect(stem('string')).not.toBe(stem('strong'))
  })
})

test('words fold case and accents and split compounds', () => {
  expect(wordsOf('Café at-least-once PostgreSQL')).toEqual([
    'cafe',
    'at-least-once',
    'at',
    'least',
    'once',
    'postgresql',
  ])
})

test('scripts without spaces become pairs of characters', () => {
  expect(wordsOf('耐久性は')).toEqual(['耐久', '久性', '性は'])
  expect(contentStems('데이터 보존')).toHaveLength(2)
})

test('topic words are what a request is about, not what it asks to be done', () => {
  const goal = 'Compare the durability guarantees described in these documents and recommend one for a payments team'
  expect(topicWords(goal)).toEqual(['durability', 'guarantees', 'payments'])
  expect(topicStems('Summarise the documents')).toEqual([])
})

test('names are capitalised inside a sentence or written like names', () => {
  expect(namesIn('What does Zephyr say of BullMQ and S3? Which one?')).toEqual(['Zephyr', 'BullMQ', 'S3'])
  expect(namesIn('COMPARE THE DURABILITY GUARANTEES')).toEqual([])
})
