import { setTimeout as rest } from 'node:timers/promises'
import type { Client } from '@flotilla/client'
import { dollars, totalTokens, type CancellationView, type Usage } from '@flotilla/domain'
import { count } from './live/figures.ts'

/** What runs somewhere in the fleet is cut off within 2 s, and tells what it used right after. */
const STOPPING_MS = 3_000
const ASK_MS = 200

/** Tasks that something worked on when the cancel came: as many calls are to stop. */
const atWork = ({ tasks }: CancellationView): number => (tasks['in_progress'] ?? 0) + (tasks['verifying'] ?? 0)

/** The receipt once all that was at work has told what it used, or what is known of it after 3 s. */
export async function untilStopped(
  client: Pick<Client, 'runs'>,
  runId: string,
  first: CancellationView,
): Promise<CancellationView> {
  let receipt = first
  const end = performance.now() + STOPPING_MS
  while (receipt.stopped.calls < atWork(receipt) && performance.now() < end) {
    await rest(ASK_MS)
    receipt = (await client.runs.get(runId)).cancellation ?? receipt
  }
  return receipt
}

/** A receipt in plain words, some lines. */
export function receiptText(receipt: CancellationView): string {
  const { stopped, spentBefore, spentAfter } = receipt
  return [
    `It was ${receipt.was.replace('_', ' ')}. ${endedText(receipt)}`,
    ...(atWork(receipt) + stopped.calls === 0 ? [] : [stoppedText(receipt)]),
    `Spent before the request: ${spentText(spentBefore)}; after it: ${spentText(spentAfter)}.`,
  ].join('\n')
}

function endedText({ tasks }: CancellationView): string {
  const counts = Object.entries(tasks).map(([status, n]) => `${n} ${status.replace('_', ' ')}`)
  const total = Object.values(tasks).reduce((sum, n) => sum + n, 0)
  if (total === 0) return 'No task was left to end.'
  return `Ended ${total} ${total === 1 ? 'task' : 'tasks'}: ${counts.join(', ')}.`
}

function stoppedText(receipt: CancellationView): string {
  const { calls, lastStoppedAt } = receipt.stopped
  const expected = Math.max(calls, atWork(receipt))
  const what = `Stopped ${calls} of ${expected} at work`
  if (lastStoppedAt === null) return `${what} so far; flotilla runs show tells later what they used.`
  const seconds = (Date.parse(lastStoppedAt) - Date.parse(receipt.requestedAt)) / 1_000
  return `${what}, the last one ${Math.max(0, seconds).toFixed(1)} s after the request.`
}

const spentText = (usage: Usage): string =>
  `${count(totalTokens(usage))} tokens in ${usage.modelCalls} model ${usage.modelCalls === 1 ? 'call' : 'calls'}, ${dollars(usage.costUsd)}`
