import type { SpanKind } from './spans.ts'

/** What a task's time goes to: in a word or two, and what counts as such. */
export const SPAN_WORDS: Readonly<Record<SpanKind, Readonly<{ name: string; holds: string }>>> = {
  wait: {
    name: 'waiting for a worker',
    holds: 'Ready, and nobody had claimed it: in the queue, or parked until a place is free.',
  },
  gate: { name: 'held back', holds: "Until a retry is due, a person has decided, or the run's pause is over." },
  model: {
    name: 'model',
    holds:
      'Calls that were answered, from their beginning: with the wait for room in budgets and rate limits; and what was cut off after tools had ended.',
  },
  tool: { name: 'tools', holds: "A turn's tool calls, until the last of them has ended." },
  verify: {
    name: 'verifying',
    holds: 'Waiting for a judge, and its look at the output. Rules take no time of their own.',
  },
  other: {
    name: 'around the calls',
    holds:
      'The rest of an attempt: reading the record, searching the documents and putting prompts together, rules, and writing down what came of it. An attempt that was cut off in its first call counts here as a whole: no turn tells when the call began. Its task tells how long it was.',
  },
}

export const SPAN_KINDS = Object.keys(SPAN_WORDS) as SpanKind[]
