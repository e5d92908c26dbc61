import type { EngineMetrics } from './engine-metrics.ts'

/** Whatever is told, in order, each by its name and with what it brings. */
export function listen(): Readonly<{ metrics: EngineMetrics; told: unknown[][] }> {
  const told: unknown[][] = []
  const hear =
    (what: string) =>
    (...args: unknown[]): void =>
      void told.push([what, ...args])
  const metrics: EngineMetrics = {
    stepped: hear('stepped'),
    recovered: hear('recovered'),
    fenced: hear('fenced'),
    retried: hear('retried'),
    gateWaited: hear('gateWaited'),
    modelCalled: hear('modelCalled'),
    budgetRefused: hear('budgetRefused'),
  }
  return { metrics, told }
}
