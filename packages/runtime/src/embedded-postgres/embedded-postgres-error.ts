export type EmbeddedPostgresErrorCode =
  | 'unsupported_platform'
  | 'no_unprivileged_account'
  | 'not_executable'
  | 'data_unreachable'
  | 'data_in_use'
  | 'data_incompatible'
  | 'password_missing'
  | 'initdb_failed'
  | 'start_failed'

/** Why the embedded PostgreSQL cannot run here; the message says what to do about it. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError'
  readonly code: EmbeddedPostgresErrorCode
  readonly data: Readonly<Record<string, unknown>>

  constructor(
    code: EmbeddedPostgresErrorCode,
    message: string,
    { data = {}, cause }: { data?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.data = data
  }
}
