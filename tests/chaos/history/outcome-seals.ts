/** Outcomes as they were when they were first seen, to tell a later change. A seal is `status/attempt/hash of the output`. */
export type OutcomeSeals = Readonly<{
  seal(runId: number, idx: number, outcome: string): void
  find(runId: number, idx: number): string | undefined
  readonly size: number
}>

export function createOutcomeSeals(): OutcomeSeals {
  const sealed = new Map<string, string>()
  return {
    seal(runId, idx, outcome) {
      const key = `${runId}/${idx}`
      if (!sealed.has(key)) sealed.set(key, outcome)
    },
    find: (runId, idx) => sealed.get(`${runId}/${idx}`),
    get size() {
      return sealed.size
    },
  }
}
