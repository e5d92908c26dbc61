import { describe, expect, it } from 'vitest'
import { inBatches } from './batches.ts'

/** Answers by hand, and notes what was asked together. */
function asked() {
  const groups: { asks: readonly number[]; answer: () => void; fail: (error: Error) => void }[] = []
  const answer = (asks: readonly number[]): Promise<string[]> =>
    new Promise((resolve, reject) => {
      groups.push({ asks, answer: () => resolve(asks.map((n) => `answer ${n}`)), fail: reject })
    })
  return { groups, answer, together: () => groups.map(({ asks }) => asks) }
}
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

describe('asks in batches', () => {
  it('go together when they come at the same time, in groups of the most that fit', async () => {
    const { groups, answer, together } = asked()
    const ask = inBatches(answer, { most: 2, flights: 2 })
    const answers = Promise.all([1, 2, 3].map(ask))
    await turn()
    expect(together()).toEqual([[1, 2], [3]])
    for (const group of groups) group.answer()
    expect(await answers).toEqual(['answer 1', 'answer 2', 'answer 3'])
  })

  it('collect while as many groups are under way as may be', async () => {
    const { groups, answer, together } = asked()
    const ask = inBatches(answer, { most: 10, flights: 1 })
    const answers = [ask(1)]
    await turn()
    answers.push(ask(2), ask(3))
    await turn()
    expect(together()).toEqual([[1]])
    groups[0]?.answer()
    await answers[0]
    await turn()
    expect(together()).toEqual([[1], [2, 3]])
    groups[1]?.answer()
    expect(await Promise.all(answers)).toEqual(['answer 1', 'answer 2', 'answer 3'])
  })

  it('are asked one by one when their group fails, so that only what is wrong fails', async () => {
    const seen: (readonly number[])[] = []
    const ask = inBatches(
      (asks: readonly number[]) => {
        seen.push(asks)
        return asks.includes(2) ? Promise.reject(new Error('2 is wrong')) : Promise.resolve(asks.map(String))
      },
      { most: 10, flights: 1 },
    )
    const answers = await Promise.allSettled([1, 2, 3].map(ask))
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(seen).toEqual([[1, 2, 3], [1], [2], [3]])
  })
})
