import { afterEach, expect, it, vi } from 'vitest'
import { addGaugeBy, createProcessMetrics, type ProcessMetrics } from './index.ts'

let metrics: ProcessMetrics
afterEach(() => metrics.close())

const valueOf = (text: string, series: string): number =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length + 1),
  )

it('a process tells its version, its event loop, its memory and its database connections', async () => {
  const pools = [
    { totalCount: 5, idleCount: 2, waitingCount: 1 },
    { totalCount: 3, idleCount: 3, waitingCount: 0 },
  ]
  metrics = createProcessMetrics({ version: '1.2.3', pools })
  const text = await metrics.registry.metrics()
  expect(valueOf(text, 'flotilla_build_info{version="1.2.3"}')).toBe(1)
  expect(valueOf(text, 'flotilla_db_pool{state="used"}')).toBe(3)
  expect(valueOf(text, 'flotilla_db_pool{state="idle"}')).toBe(5)
  expect(valueOf(text, 'flotilla_db_pool{state="waiting"}')).toBe(1)
  expect(valueOf(text, 'flotilla_heap_used_bytes')).toBeGreaterThan(1e6)
  expect(valueOf(text, 'flotilla_resident_memory_bytes')).toBeGreaterThan(1e7)
  expect(valueOf(text, 'flotilla_event_loop_delay_seconds{quantile="0.99"}')).toBeGreaterThanOrEqual(0)
})

it('tells how late an event loop was that was blocked', async () => {
  metrics = createProcessMetrics({ version: '1', pools: [] })
  const p99 = async (): Promise<number> =>
    valueOf(await metrics.registry.metrics(), 'flotilla_event_loop_delay_seconds{quantile="0.99"}')
  await vi.waitFor(async () => {
    // The first look after a scrape begins to measure, the next one has measured.
    for (const ms of [50, 300]) {
      const end = performance.now() + ms
      while (performance.now() < end);
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await p99()).toBeGreaterThan(0.1)
  }, 20_000)
})

it('a value that is not told any more is gone', async () => {
  metrics = createProcessMetrics({ version: '1', pools: [] })
  let queues: Record<string, number> = { plan: 2, learn: 1 }
  addGaugeBy(metrics.registry, { name: 'depth', help: 'Depth.', label: 'pool', read: () => queues })
  expect(await metrics.registry.metrics()).toContain('depth{pool="learn"} 1')
  queues = { plan: 3 }
  const text = await metrics.registry.metrics()
  expect(text).toContain('depth{pool="plan"} 3')
  expect(text).not.toContain('learn')
})
