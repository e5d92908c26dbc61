import type { JsonObject } from '@flotilla/domain'
import type { Tool, ToolOutcome } from './tool.ts'

/** Longer results are cut: they stay in the conversation and are paid for with every further turn. */
export const MAX_RESULT_CHARS = 24_000

/**
 * Runs one call within the tool's time limit. Running out of time is an answer to the model; the attempt's own abort
 * rejects with the signal's reason. A tool that does not heed the signal is left behind.
 */
export async function callTool(
  tool: Tool,
  args: JsonObject,
  context: Readonly<{ effectId: string; signal: AbortSignal }>,
): Promise<ToolOutcome> {
  context.signal.throwIfAborted()
  const limit = AbortSignal.timeout(tool.timeoutMs)
  const signal = AbortSignal.any([context.signal, limit])
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    const outcome = await Promise.race([tool.run(args, { effectId: context.effectId, signal }), aborted.promise])
    return { ok: outcome.ok, text: boundText(outcome.text, MAX_RESULT_CHARS) }
  } catch (error) {
    if (context.signal.aborted || !limit.aborted) throw error
    return {
      ok: false,
      text: `${tool.name} did not answer within ${tool.timeoutMs / 1_000} s. Try it with less, or go on without it.`,
    }
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

export function boundText(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text
  const end = /[\uDC00-\uDFFF]/.test(text.charAt(maxChars)) ? maxChars - 1 : maxChars
  return `${text.slice(0, end)}\n[cut here: ${text.length - end} more characters]`
}
