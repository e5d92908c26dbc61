/** How failures of a key end, and of an account without quota; the setting that holds the key. */
const REFUSED = /: set (\w+) to a valid key of an account/
const NO_QUOTA = /: the account of (\w+) has no quota left/

/** By what a failure says of a key: that the key is refused, or that its quota is used up; null: it says neither. */
export function keyTrouble(why: string | null): Readonly<{ is: 'refused' | 'no_quota'; setting: string }> | null {
  const noQuota = NO_QUOTA.exec(why ?? '')?.[1]
  if (noQuota !== undefined) return { is: 'no_quota', setting: noQuota }
  const refused = REFUSED.exec(why ?? '')?.[1]
  return refused === undefined ? null : { is: 'refused', setting: refused }
}

/** What is to be done before a resume. */
export function keyMend(why: string | null): string {
  const trouble = keyTrouble(why)
  if (trouble?.is === 'no_quota') return `add credit to the account of ${trouble.setting}`
  return `correct ${trouble?.setting ?? 'the key'} and restart what uses it`
}
