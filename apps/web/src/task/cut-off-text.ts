import type { AttemptView, CutOffCallView } from '@flotilla/domain'
import { tokens, usd } from '../format/quantities.ts'
import { sentence, sentenceEnd } from '../format/sentence.ts'

/** Why a call has no answer, and what was charged for it. */
export const cutOffText = (call: CutOffCallView, attempt: AttemptView | undefined): string =>
  `${whyText(attempt)} Its answer was not kept. ${chargedText(call)}`

function whyText(attempt: AttemptView | undefined): string {
  const message = attempt?.error?.message
  switch (attempt?.status) {
    case 'cancelled':
      return `It was cut off: ${sentenceOf(message, 'the task was cancelled')}`
    case 'lost':
      return `It was cut off when its worker was lost${message === undefined ? '.' : `: ${sentence(message)}`}`
    case 'released':
      return 'It was cut off when its worker handed the task back.'
    case 'failed':
      return `It ended without an answer: ${sentenceOf(message, 'its attempt failed')}`
    default:
      return 'It was cut off.'
  }
}

const sentenceOf = (message: string | undefined, otherwise: string): string => sentenceEnd(message ?? otherwise)

type Call = Pick<CutOffCallView, 'attempt' | 'startedAt' | 'endedAt'>

/** How long each lasted: until the next of its attempt, or the attempt's end. */
export const cutOffMs = (calls: readonly Call[]): number[] =>
  calls.map(({ attempt, startedAt, endedAt }, i) => {
    const next = calls[i + 1]
    return Date.parse(next?.attempt === attempt ? next.startedAt : endedAt) - Date.parse(startedAt)
  })

function chargedText({ charged, tokens: amount, costUsd, unknownUsdAtMost }: CutOffCallView): string {
  const paid = `${tokens(amount)} and ${usd(costUsd)}`
  switch (charged) {
    case 'told':
      return `Charged: ${paid}.`
    case 'estimated':
      return `Charged: ${paid}, reckoned from what was sent and received; at most ${usd(unknownUsdAtMost)} more.`
    case 'unknown':
      return `Nothing was charged: nobody knows what it used, at most ${usd(unknownUsdAtMost)}.`
    case 'not_yet':
      return `What it used has not been told so far; ${usd(unknownUsdAtMost)} are held for it.`
  }
}
