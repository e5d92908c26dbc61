/** The value of a series in Prometheus text; NaN where it is not told. */
export function seriesOf(text: string, series: string): number {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `))
  return line === undefined ? Number.NaN : Number(line.slice(series.length + 1))
}

/** How late the event loop of a process was since this was asked last, in ms. */
export async function loopDelayMs(metricsUrl: string): Promise<Record<'p50' | 'p99', number>> {
  const text = await (await fetch(metricsUrl)).text()
  const late = (quantile: string): number =>
    seriesOf(text, `flotilla_event_loop_delay_seconds{quantile="${quantile}"}`) * 1000
  return { p50: late('0.5'), p99: late('0.99') }
}

/** Where a worker answers with its metrics, as its ready line tells. */
export function metricsUrlOf(output: string): string {
  const line = output.split('\n').find((text) => text.includes('"event":"ready"'))
  const port = line === undefined ? undefined : (JSON.parse(line) as { metricsPort?: number }).metricsPort
  if (port === undefined) throw new Error(`the worker has told no port of its metrics:\n${output.slice(-2_000)}`)
  return `http://127.0.0.1:${port}/metrics`
}
