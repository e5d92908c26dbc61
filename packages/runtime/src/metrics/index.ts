export { addGauge, addGaugeBy } from './gauges.ts'
export { createProcessMetrics, type PoolCounts, type ProcessMetrics } from './process-metrics.ts'
