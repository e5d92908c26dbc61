import { Gauge, type Registry } from '@prometheus-io/client'

type Told = Readonly<{ name: string; help: string }>
type Values = Readonly<Record<string, number>>

/** A gauge that is read when it is scraped. */
export function addGauge(registry: Registry, { read, ...told }: Told & Readonly<{ read: () => number }>): void {
  const gauge = new Gauge({
    ...told,
    registers: [],
    collect() {
      this.set(read())
    },
  })
  registry.registerMetric(gauge)
}

/** The same with one label: a value that is not told any more is gone. */
export function addGaugeBy(
  registry: Registry,
  { label, read, ...told }: Told & Readonly<{ label: string; read: () => Values | Promise<Values> }>,
): void {
  const gauge = new Gauge({
    ...told,
    labelNames: [label],
    registers: [],
    async collect() {
      const values = await read()
      this.reset()
      for (const [value, amount] of Object.entries(values)) this.set({ [label]: value }, amount)
    },
  })
  registry.registerMetric(gauge)
}
