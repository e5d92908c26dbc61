/** One a connection, whenever the server ends: they say nothing of why. */
const OF_CONNECTIONS = /FATAL: {2}terminating connection/
const LINES = 5

/** What a server's log says last of the server itself. */
export const lastOfServer = (log: string): string =>
  log
    .split('\n')
    .filter((line) => !OF_CONNECTIONS.test(line))
    .slice(-LINES)
    .join('\n')
