import type { CutOffCallView, TaskView, ToolCallView, TurnView } from '@flotilla/domain'
import { Fragment } from 'react'
import type { Sources } from '../documents/sources.ts'
import { duration, tokens, usd } from '../format/quantities.ts'
import { clockTime, elapsedMs } from '../format/times.ts'
import { Section } from '../parts/page.tsx'
import { Prose } from '../parts/markdown.tsx'
import { noTurnsText } from './absent-words.ts'
import { cutOffText } from './cut-off-text.ts'
import { readReply, readRequest, type Block } from './record-shapes.ts'

/** What was said between the agent's model and its tools, turn by turn. */
export const Conversation = ({ task, sources }: Readonly<{ task: TaskView; sources: Sources }>) => (
  <Section title="Conversation">
    <details className="border-b border-line px-3 py-2">
      <summary>Instructions of the task</summary>
      <p className="mt-1 whitespace-pre-wrap [overflow-wrap:anywhere]">
        {task.instructions === '' ? 'None.' : task.instructions}
      </p>
    </details>
    {task.turns.length + task.cutOffCalls.length === 0 && <p className="px-3 py-2 text-muted">{noTurnsText(task)}</p>}
    <ol>
      {attemptsIn(task).map((attempt) => (
        <Fragment key={attempt}>
          {task.turns
            .filter((turn) => turn.attempt === attempt)
            .map((turn) => (
              <Turn key={turn.turn} turn={turn} sources={sources} />
            ))}
          {task.cutOffCalls
            .filter((call) => call.attempt === attempt)
            .map((call) => (
              <CutOff key={call.startedAt} call={call} task={task} />
            ))}
        </Fragment>
      ))}
    </ol>
  </Section>
)

/** What was cut off is the last that its attempt has done. */
const attemptsIn = ({ turns, cutOffCalls }: TaskView): number[] =>
  [...new Set([...turns, ...cutOffCalls].map(({ attempt }) => attempt))].toSorted((a, b) => a - b)

const CutOff = ({ call, task }: Readonly<{ call: CutOffCallView; task: TaskView }>) => (
  <li className="border-b border-line px-3 py-2 last:border-b-0">
    <div className="flex flex-wrap gap-x-3 text-small text-muted">
      <span>Attempt {call.attempt}, a call that was cut off</span>
      <span>{call.model}</span>
      <span className="numeric">
        {clockTime(call.startedAt)} to {clockTime(call.endedAt)}
      </span>
      {call.tokens > 0 && <span className="numeric">{tokens(call.tokens)}</span>}
      {call.costUsd > 0 && <span className="numeric">{usd(call.costUsd)}</span>}
    </div>
    <p className="mt-1 text-warn [overflow-wrap:anywhere]">
      {cutOffText(
        call,
        task.attempts.find(({ number }) => number === call.attempt),
      )}
    </p>
  </li>
)

function Turn({ turn, sources }: Readonly<{ turn: TurnView; sources: Sources }>) {
  const { usage } = turn
  const took = elapsedMs(turn.startedAt, turn.finishedAt, 0) ?? 0
  const reply = readReply(turn.reply)
  return (
    <li className="border-b border-line px-3 py-2 last:border-b-0">
      <div className="flex flex-wrap gap-x-3 text-small text-muted">
        <span>
          Attempt {turn.attempt}, turn {turn.turn}
        </span>
        <span>{turn.model}</span>
        <span className="numeric">{duration(took)}</span>
        <span className="numeric">{tokens(usage.inputTokens + usage.outputTokens)}</span>
        {usage.costUsd > 0 && <span className="numeric">{usd(usage.costUsd)}</span>}
        <span>{turn.stopReason.replace('_', ' ')}</span>
      </div>
      <Sent turn={turn} />
      {reply === null && <Raw value={turn.reply} />}
      {reply?.map((block, i) => (
        <Said key={i} block={block} sources={sources} />
      ))}
      {turn.toolCalls.map((call) => (
        <ToolCall key={call.effectId} call={call} />
      ))}
    </li>
  )
}

function Sent({ turn }: Readonly<{ turn: TurnView }>) {
  const request = readRequest(turn.request)
  return (
    <details className="my-1">
      <summary className="text-muted">What the model was sent</summary>
      {request === null && <Raw value={turn.request} />}
      {request?.system !== null && request?.system !== undefined && <Quoted label="system" text={request.system} />}
      {request?.messages.map((message, i) =>
        message.blocks.map((block, j) => <Quoted key={`${i}.${j}`} label={message.role} text={textOf(block)} />),
      )}
    </details>
  )
}

/** A call of a tool stands with its result beneath the turn. */
const Said = ({ block, sources }: Readonly<{ block: Block; sources: Sources }>) =>
  block.type === 'text' && block.text.trim() !== '' ? <Prose text={block.text} sources={sources} /> : null

function textOf(block: Block): string {
  switch (block.type) {
    case 'text':
      return block.text
    case 'tool_call':
      return `${block.name} ${JSON.stringify(block.arguments, null, 2)}`
    case 'tool_result':
      return `${block.name}: ${typeof block.content === 'string' ? block.content : JSON.stringify(block.content, null, 2)}`
  }
}

const CALL_TONES = { started: 'text-active', succeeded: 'text-good', failed: 'text-bad' } as const

function ToolCall({ call }: Readonly<{ call: ToolCallView }>) {
  const took = call.finishedAt === null ? null : elapsedMs(call.startedAt, call.finishedAt, 0)
  return (
    <details className="mt-1 rounded-control border border-line px-2 py-1">
      <summary className="[overflow-wrap:anywhere]">
        <code>{call.tool}</code> <span className={CALL_TONES[call.status]}>{call.status}</span>{' '}
        <span className="numeric text-muted">{took === null ? '' : duration(took)}</span>{' '}
        <span className="text-muted">{shorten(JSON.stringify(call.arguments))}</span>
      </summary>
      <Quoted label="arguments" text={JSON.stringify(call.arguments, null, 2)} />
      {call.result !== null && <Quoted label="result" text={call.result} />}
      <p className="text-small text-muted [overflow-wrap:anywhere]">effect {call.effectId}</p>
    </details>
  )
}

const SHORT = 90
const shorten = (text: string): string => (text.length > SHORT ? `${text.slice(0, SHORT)}…` : text)

const Quoted = ({ label, text }: Readonly<{ label: string; text: string }>) => (
  <figure className="my-1">
    <figcaption className="text-small text-muted">{label}</figcaption>
    <pre
      tabIndex={0}
      aria-label={label}
      className="max-h-80 overflow-auto rounded-control bg-raised p-2 whitespace-pre-wrap [overflow-wrap:anywhere]"
    >
      {text}
    </pre>
  </figure>
)

const Raw = ({ value }: Readonly<{ value: unknown }>) => (
  <Quoted label="as recorded" text={JSON.stringify(value, null, 2)} />
)
