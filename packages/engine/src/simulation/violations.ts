/** What a schedule has brought about that must never be. */
export type Violation = Readonly<{ kind: string; detail: string; at: number }>

export class Violations {
  readonly found: Violation[] = []
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  add(kind: string, detail: string): void {
    this.found.push({ kind, detail, at: Math.round(this.#now()) })
  }
}
