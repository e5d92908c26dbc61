import type { Span, SpanKind } from './spans.ts'

const STEPS_MS = [1, 2, 5]
  .flatMap((n) => [1, 10, 100, 1_000, 10_000].map((scale) => n * scale))
  .concat([30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 86_400_000])

/** Round times along an axis of this length, from 0, at most six. */
export function axisTicks(ms: number): number[] {
  const step = STEPS_MS.toSorted((a, b) => a - b).find((one) => ms / one <= 5) ?? ms
  return Array.from({ length: Math.floor(ms / step) + 1 }, (_, i) => i * step).filter((tick) => tick < ms * 0.97)
}

/** Milliseconds by kind; what lasts is counted until now. */
export function sumSpans(spans: readonly Span[], now: number): Record<SpanKind, number> {
  const sums: Record<SpanKind, number> = { wait: 0, gate: 0, model: 0, tool: 0, verify: 0, other: 0 }
  for (const { kind, from, to } of spans) sums[kind] += Math.max(0, (to ?? now) - from)
  return sums
}
