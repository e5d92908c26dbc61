const AT = /^data: .*?"at":"([^"]+)"/

/** When each event of a stream was written, in ms since the epoch, as they come. */
export async function* readEventTimes(stream: AsyncIterable<Uint8Array | string>): AsyncGenerator<number, void> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const piece of stream) {
    rest += typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const [, at] = AT.exec(line) ?? []
      if (at !== undefined) yield Date.parse(at)
    }
  }
}
