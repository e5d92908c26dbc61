import { reasonOfEvent, totalTokens, UsageSchema, type Json, type JsonObject, type RunEvent } from '@flotilla/domain'
import * as v from 'valibot'
import { percent, tokens, usd } from '../format/quantities.ts'

/** What an event says beside its type, in few words. */
export function eventText({ type, data }: RunEvent): string {
  switch (type) {
    case 'task.started':
      return join(said(data['kind']), said(data['worker'], 'on '))
    case 'task.turn':
      return join(`turn ${said(data['turn'])}`, said(data['model']), usageText(data['usage']), said(data['stopReason']))
    case 'task.tool_called':
      return join(said(data['tool']), said(data['status']))
    case 'task.completed':
    case 'task.verifying':
      return join(scoreText(data), usageText(data['usage']), said(data['judgeModel'], 'judged by '))
    case 'run.progress':
      return `${said(data['percent'])} %`
    case 'run.analyzed':
      return join(said(data['complexity']), said(data['type']), said(data['by'], 'by '))
    case 'run.plan_ready':
      return join(`${said(data['tasks'])} tasks`, said(data['by'], 'by '))
    default:
      return reasonOfEvent(data) ?? ''
  }
}

const join = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join(' · ')

const said = (value: Json | undefined, before = ''): string =>
  typeof value === 'string' || typeof value === 'number' ? `${before}${value}`.replaceAll('_', ' ') : ''

const scoreText = (data: JsonObject): string =>
  typeof data['score'] === 'number' ? `score ${percent(data['score'])}` : ''

function usageText(value: Json | undefined): string {
  const usage = v.safeParse(UsageSchema, value)
  if (!usage.success) return ''
  const { costUsd } = usage.output
  return `${tokens(totalTokens(usage.output))}${costUsd > 0 ? `, ${usd(costUsd)}` : ''}`
}
