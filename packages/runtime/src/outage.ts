/** What is known of a store that this process works with. Times are milliseconds since some moment. */
export type StoreState =
  | Readonly<{ kind: 'there'; backAt: number }>
  /** Something failed as it would with the store away; whether it is, is being asked. */
  | Readonly<{ kind: 'doubted'; since: number; backAt: number }>
  | Readonly<{ kind: 'away'; since: number }>

/** What an answer, or none, to a question to the store means. */
export type Finding =
  | Readonly<{ kind: 'nothing' }>
  /** The store is there: what failed meanwhile failed for a reason of its own. */
  | Readonly<{ kind: 'own failures' }>
  | Readonly<{ kind: 'went away' }>
  | Readonly<{ kind: 'came back'; afterMs: number }>

/** Failures of connections that an outage broke are noticed up to this long after it, by their time limits. */
const STRAGGLER_MS = 15_000

export const NEVER_AWAY: StoreState = { kind: 'there', backAt: Number.NEGATIVE_INFINITY }

export const afterFailure = (state: StoreState, now: number): StoreState =>
  state.kind === 'there' ? { kind: 'doubted', since: now, backAt: state.backAt } : state

export function afterQuestion(
  state: StoreState,
  answered: boolean,
  now: number,
): Readonly<{ state: StoreState; finding: Finding }> {
  if (!answered) {
    const { since } = state.kind === 'there' ? { since: now } : state
    return { state: { kind: 'away', since }, finding: { kind: state.kind === 'away' ? 'nothing' : 'went away' } }
  }
  switch (state.kind) {
    case 'there':
      return { state, finding: { kind: 'nothing' } }
    case 'away':
      return { state: { kind: 'there', backAt: now }, finding: { kind: 'came back', afterMs: now - state.since } }
    case 'doubted': {
      const late = now - state.backAt < STRAGGLER_MS
      return { state: { kind: 'there', backAt: state.backAt }, finding: { kind: late ? 'nothing' : 'own failures' } }
    }
  }
}

/** SQLSTATEs of a server that goes, comes or takes no connection, and errors of sockets. */
const AWAY_CODE =
  /^(08...|57P0[1-5]|53300|ECONN(?:REFUSED|RESET|ABORTED)|EPIPE|ENOTFOUND|EAI_AGAIN|E(?:HOST|NET)(?:UNREACH|DOWN)|ETIMEDOUT|NR_CLOSED|CONNECTION_CLOSED)$/
/** What the clients of Postgres and Redis say without a code. */
const AWAY_MESSAGE =
  /^(?:Connection terminated|Connection is closed|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Stream isn't writeable|Reached the max retries per request|Command timed out|LOADING )/
const REDIS_MESSAGE =
  /^(?:Connection is closed|Stream isn't writeable|Reached the max retries|Command timed out|LOADING )/
const CAUSES_MAX = 5

/** Whether this is what work meets whose store is away. */
export const isOutageError = (error: unknown): boolean =>
  causesOf(error).some(
    ({ message, code }) => (typeof code === 'string' && AWAY_CODE.test(code)) || AWAY_MESSAGE.test(message),
  )

/** Whether only Redis fails in this way. */
export const isRedisError = (error: unknown): boolean =>
  causesOf(error).some(({ message, name }) => name === 'MaxRetriesPerRequestError' || REDIS_MESSAGE.test(message))

/** In one line; an error of several addresses has no message of its own. */
export function reasonOf(error: unknown): string {
  const told = causesOf(error).findLast(({ message }) => message !== '')
  return (told?.message ?? String(error)).replaceAll(/\s+/g, ' ')
}

type Told = Error & Readonly<{ code?: unknown }>

/** An error and what caused it, outermost first. */
function causesOf(error: unknown): readonly Told[] {
  const causes: Told[] = []
  for (let at = error; at instanceof Error && causes.length < CAUSES_MAX;) {
    causes.push(at)
    at = at.cause ?? (at instanceof AggregateError ? (at.errors as unknown[])[0] : undefined)
  }
  return causes
}
