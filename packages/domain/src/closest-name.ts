/** Levenshtein's: single-character edits from one text to the other. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/** Three wrong characters in a long name, one in a short one: beyond that another name is meant. */
const farthest = (name: string): number => Math.min(3, Math.ceil(name.length / 4))

/** The known name that is most likely meant by one that is not known; null where none is near. */
export function closestName(name: string, known: Iterable<string>): string | null {
  const near = [...known]
    .map((one) => ({ one, edits: editDistance(name, one) }))
    .filter(({ edits }) => edits > 0 && edits <= farthest(name))
    .toSorted((a, b) => a.edits - b.edits)
  return near[0]?.one ?? null
}

/** Of a role that no agent has, what comes of it; a person may have meant another. */
export function missingRoleText(role: string, known: Iterable<string>): string {
  const meant = closestName(role, known)
  return `no agent has the role "${role}": one will be drafted${meant === null ? '' : `, unless you meant "${meant}"`}`
}
