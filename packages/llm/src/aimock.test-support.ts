import { createServer, LLMock, type Fixture, type JournalEntry } from '@copilotkit/aimock'

export type Aimock = {
  url: string
  requests(): readonly JournalEntry[]
  close(): Promise<void>
}

/**
 * A mock of the providers' wire protocols with the fixtures that `configure` adds. Started by `createServer`, since
 * `LLMock.stop` waits four seconds for idle connections.
 */
export async function startAimock(configure: (mock: LLMock) => void, chunkSize = 12): Promise<Aimock> {
  const mock = new LLMock()
  configure(mock)
  const { server, url, journal } = await createServer(mock.getFixtures() as Fixture[], { port: 0, chunkSize })
  return {
    url,
    requests: () => journal.getAll(),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
