const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

export type IdPrefix = 'run' | 'agt' | 'wsp' | 'wrk' | 'apr'

/** Crockford base 32, most significant first, so that text order is number order. */
export function base32(value: number, width: number): string {
  let out = ''
  let rest = value
  for (let i = 0; i < width; i++) {
    out = ALPHABET.charAt(rest % 32) + out
    rest = Math.floor(rest / 32)
  }
  return out
}

/**
 * A prefixed id that sorts by time: 10 characters of milliseconds, 16 of randomness (80 bits).
 * `random` needs 16 bytes; only five bits of each are used.
 */
export function sortableId(prefix: IdPrefix, nowMs: number, random: Uint8Array): string {
  if (random.length < 16) throw new RangeError(`sortableId needs 16 random bytes, got ${random.length}`)
  let tail = ''
  for (const byte of random.subarray(0, 16)) tail += ALPHABET.charAt(byte % 32)
  return `${prefix}_${base32(nowMs, 10)}${tail}`
}

/** Derived ids cost no storage: a task or event is named by its run and its number in it. */
export const taskId = (runId: string, idx: number): string => `task_${runId.slice(4)}${base32(idx, 3)}`
export const eventId = (runId: string, seq: number): string => `evt_${runId.slice(4)}${base32(seq, 6)}`

export const RUN_ID = /^run_[0-9a-hjkmnp-tv-z]{26}$/
export const AGENT_ID = /^agt_[0-9a-hjkmnp-tv-z]{26}$/
export const APPROVAL_ID = /^apr_[0-9a-hjkmnp-tv-z]{26}$/
