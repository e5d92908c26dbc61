import { createHash, randomBytes } from 'node:crypto'
import { RUN, type Trace, type TracedWork } from '@flotilla/engine'
import type { Log } from '@flotilla/runtime'
import { VERSION } from './version.ts'

export type Tracing = Readonly<{
  trace: Trace
  /** Sends what is not sent yet. */
  close(): Promise<void>
}>

export type TracingOptions = Readonly<{
  /** Of a collector that takes OTLP over HTTP; undefined: nothing is traced, and nothing loaded for it. */
  endpoint: string | undefined
  worker: string
  log: Log
}>

const TRACE_BYTES = 16
const SPAN_BYTES = 8

const digest = (bytes: number, ...names: string[]): string =>
  createHash('sha256')
    .update(names.join('\n'))
    .digest('hex')
    .slice(0, 2 * bytes)

/** The trace of a run: whoever has its uid finds it. */
export const traceIdOf = (run: string): string => digest(TRACE_BYTES, run)
const spanIdOf = (run: string, id: string): string => digest(SPAN_BYTES, run, id)

/** Exports finished work as OpenTelemetry spans. Headers, timeouts and compression follow the other OTEL_EXPORTER_OTLP_ variables. */
export async function openTracing({ endpoint, worker, log }: TracingOptions): Promise<Tracing | null> {
  if (endpoint === undefined) return null
  const api = await import('@opentelemetry/api')
  const { BatchSpanProcessor, TracerProvider } = await import('@opentelemetry/sdk-trace')
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http')
  const { resourceFromAttributes } = await import('@opentelemetry/resources')
  const tell = (message: string): void => log.debug({ about: message }, 'tracing')
  api.diag.setLogger({ error: tell, warn: tell, info: tell, debug: () => {}, verbose: () => {} })
  let ids = { trace: '', span: '' }
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'flotilla-worker',
      'service.version': VERSION,
      'service.instance.id': worker,
    }),
    // Asked within startSpan, which follows from the name of the work.
    idGenerator: { generateTraceId: () => ids.trace, generateSpanId: () => ids.span },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` }),
      }),
    ],
  })
  const tracer = provider.getTracer('flotilla', VERSION)
  const trace = (work: TracedWork): void => {
    const { run, id, parent, error } = work
    ids = {
      trace: traceIdOf(run),
      span: id === null ? randomBytes(SPAN_BYTES).toString('hex') : spanIdOf(run, id),
    }
    const above = { traceId: ids.trace, spanId: spanIdOf(run, parent ?? RUN), traceFlags: api.TraceFlags.SAMPLED }
    const span = tracer.startSpan(
      work.title,
      {
        kind: work.remote ? api.SpanKind.CLIENT : api.SpanKind.INTERNAL,
        startTime: work.startMs,
        attributes: { ...work.attributes, ...(error && { 'error.type': error.code }) },
      },
      parent === null ? api.ROOT_CONTEXT : api.trace.setSpanContext(api.ROOT_CONTEXT, above),
    )
    if (error) span.setStatus({ code: api.SpanStatusCode.ERROR, message: error.message })
    span.end(work.endMs)
  }
  return { trace, close: () => provider.shutdown() }
}
