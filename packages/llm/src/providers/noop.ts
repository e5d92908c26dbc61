import { NO_TOKENS, type ModelOutcome, type ModelProvider } from '../port.ts'

/** Answers "ok" at once: what is left is the cost of everything else. For benchmarks. */
export function createNoopProvider(): ModelProvider {
  return {
    name: 'noop',
    simulated: true,
    call: async (request, { signal, onText }): Promise<ModelOutcome> => {
      if (signal.aborted) {
        return {
          ok: false,
          failure: { code: 'cancelled', message: `noop:${request.model} was called off by the caller` },
        }
      }
      onText?.('ok')
      return {
        ok: true,
        reply: {
          content: [{ type: 'text', text: 'ok' }],
          stopReason: 'end',
          usage: { ...NO_TOKENS, inputTokens: 1, outputTokens: 1 },
          model: request.model,
          provider: 'noop',
          simulated: true,
        },
      }
    },
  }
}
