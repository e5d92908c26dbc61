/**
 * A read whose answer is shared by all who ask within `ms`, and by those who ask while it is under way: however many ask, it costs
 * the same. A failure is told to those who wait for it, and not kept.
 */
export function sharedRead<T>(read: () => Promise<T>, ms: number, now: () => number): () => Promise<T> {
  let last: { at: number; answer: Promise<T> } | null = null
  return () => {
    if (last !== null && now() - last.at < ms) return last.answer
    const mine = { at: now(), answer: read() }
    last = mine
    mine.answer.catch(() => {
      if (last === mine) last = null
    })
    return mine.answer
  }
}
