import { systemScheduler, type Scheduler } from './clock.ts'

type Waiting<Ask, Answer> = Readonly<{
  ask: Ask
  resolve: (answer: Answer) => void
  reject: (error: unknown) => void
}>

export type BatchOptions = Readonly<{
  /** Asks in one group. */
  most: number
  /** Groups under way at once. */
  flights: number
  scheduler?: Pick<Scheduler, 'soon'>
}>

/**
 * Asks that come at the same time, or while `flights` groups are under way, go together: one round trip instead of one each,
 * and no timer. `answer` gives an answer for each, in order. A group that fails is asked again one by one, so that what is wrong
 * with one ask fails no other: asking twice has to be harmless.
 */
export function inBatches<Ask, Answer>(
  answer: (asks: readonly Ask[]) => Promise<readonly Answer[]>,
  { most, flights, scheduler = systemScheduler }: BatchOptions,
): (ask: Ask) => Promise<Answer> {
  let waiting: Waiting<Ask, Answer>[] = []
  let underWay = 0
  let armed = false
  const kick = (): void => {
    while (waiting.length > 0 && underWay < flights) {
      const group = waiting.slice(0, most)
      waiting = waiting.slice(most)
      underWay++
      void settle(group, answer).finally(() => {
        underWay--
        kick()
      })
    }
  }
  return (ask) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    waiting.push({ ask, resolve, reject })
    if (!armed && underWay < flights) {
      armed = true
      scheduler.soon(() => {
        armed = false
        kick()
      })
    }
    return promise
  }
}

async function settle<Ask, Answer>(
  group: readonly Waiting<Ask, Answer>[],
  answer: (asks: readonly Ask[]) => Promise<readonly Answer[]>,
): Promise<void> {
  try {
    const answers = await answer(group.map(({ ask }) => ask))
    for (const [i, { resolve }] of group.entries()) resolve(answers[i] as Answer)
  } catch (error) {
    if (group.length > 1) await Promise.all(group.map((one) => settle([one], answer)))
    else group[0]?.reject(error)
  }
}
