/** Drawn numbers that a seed replays. */
export interface Random {
  /** From 0 up to, but not including, 1. */
  next(): number
  /** From 0 up to, but not including, `below`. */
  int(below: number): number
  between(low: number, high: number): number
  chance(share: number): boolean
  pick<const T>(items: readonly [T, ...T[]]): T
}

/** Each path has a stream of its own, so that what one part of a campaign draws never moves another part. */
export function createRandom(seed: number, ...path: readonly (string | number)[]): Random {
  let state = hashOf(`${seed}/${path.join('/')}`)
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (below: number): number => Math.floor(next() * below)
  return {
    next,
    int,
    between: (low, high) => low + next() * (high - low),
    chance: (share) => next() < share,
    pick: (items) => items[int(items.length)] ?? items[0],
  }
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}
