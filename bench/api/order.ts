/** What a process that loads the API does: submits a body as often as it is answered, or reads the events of runs. */
export type LoadOrder =
  | Readonly<{ kind: 'submit'; url: string; body: string; connections: number; seconds: number }>
  | Readonly<{ kind: 'read'; url: string; runIds: readonly string[]; readers: number }>

/** `times`: ms of each request, or from an event's time until a reader had it. */
export type LoadMessage =
  | Readonly<{ kind: 'open'; readers: number }>
  | Readonly<{ kind: 'done'; times: readonly number[]; seconds: number }>
  | Readonly<{ kind: 'failed'; message: string }>
