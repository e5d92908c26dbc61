import type { JsonObject } from '@flotilla/domain'
import type { Reconciled, Tool, ToolCallContext, ToolOutcome } from './tool.ts'

/** Longer results are cut: they stay in the conversation and are paid for with every further turn. */
export const MAX_RESULT_CHARS = 24_000

/** `timedOut`: the tool did not answer, so what its call did is not known. */
export type CallOutcome = ToolOutcome & Readonly<{ timedOut?: true }>

/**
 * Runs one call within the tool's time limit. Running out of time is an answer to the model; the attempt's own abort
 * rejects with the signal's reason. A tool that does not heed the signal is left behind.
 */
export async function callTool(tool: Tool, args: JsonObject, context: ToolCallContext): Promise<CallOutcome> {
  const ran = await withinLimit(tool, context, (limited) => tool.run(args, limited))
  if (ran.inTime) return { ok: ran.value.ok, text: boundText(ran.value.text, MAX_RESULT_CHARS) }
  return {
    ok: false,
    timedOut: true,
    text: `${tool.name} did not answer within ${tool.timeoutMs / 1_000} s. Try it with less, or go on without it.`,
  }
}

/** `unknown` with the reason: nothing but a person can say. */
export type Finding = Exclude<Reconciled, { kind: 'unknown' }> | Readonly<{ kind: 'unknown'; reason: string }>

/** Asks an unsafe tool what became of a call. A hook that breaks or takes too long knows nothing; an abort rejects. */
export async function reconcileCall(tool: Tool, args: JsonObject, context: ToolCallContext): Promise<Finding> {
  const { reconcile } = tool
  if (!reconcile) return { kind: 'unknown', reason: `${tool.name} has no way to find out` }
  try {
    const ran = await withinLimit(tool, context, (limited) => reconcile(args, limited))
    if (!ran.inTime)
      return { kind: 'unknown', reason: `${tool.name} did not find out within ${tool.timeoutMs / 1_000} s` }
    if (ran.value.kind === 'unknown') return { kind: 'unknown', reason: `${tool.name} could not find out` }
    if (ran.value.kind === 'not_happened') return ran.value
    return { kind: 'happened', result: boundText(ran.value.result, MAX_RESULT_CHARS) }
  } catch (error) {
    if (context.signal.aborted) throw error
    const message = error instanceof Error ? error.message : String(error)
    return { kind: 'unknown', reason: `finding out broke: ${message}` }
  }
}

type Ran<T> = Readonly<{ inTime: true; value: T }> | Readonly<{ inTime: false }>

async function withinLimit<T>(
  tool: Tool,
  context: ToolCallContext,
  work: (limited: ToolCallContext) => Promise<T>,
): Promise<Ran<T>> {
  context.signal.throwIfAborted()
  const limit = AbortSignal.timeout(tool.timeoutMs)
  const signal = AbortSignal.any([context.signal, limit])
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    const value = await Promise.race([work({ effectId: context.effectId, signal }), aborted.promise])
    return { inTime: true, value }
  } catch (error) {
    if (context.signal.aborted || !limit.aborted) throw error
    return { inTime: false }
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

export function boundText(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text
  const end = /[\uDC00-\uDFFF]/.test(text.charAt(maxChars)) ? maxChars - 1 : maxChars
  return `${text.slice(0, end)}\n[cut here: ${text.length - end} more characters]`
}
