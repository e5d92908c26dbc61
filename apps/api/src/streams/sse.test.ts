import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { sseFrame, sseResponse } from './sse.ts'

describe('a frame', () => {
  it('has one line a field', () => {
    expect(sseFrame({ id: '7', event: 'run.started', data: '{"a":1}' })).toBe(
      'id: 7\nevent: run.started\ndata: {"a":1}\n\n',
    )
  })

  it('keeps the lines of its data apart, however they end', () => {
    expect(sseFrame({ data: 'a\r\nb\rc\nd' })).toBe('data: a\ndata: b\ndata: c\ndata: d\n\n')
  })

  it.each(['a\nb', 'a\rb', 'a\r\ndata: evil'])('has no line break in a name: %j', (event) => {
    expect(() => sseFrame({ event, data: '' })).toThrow(/line break/)
    expect(() => sseFrame({ id: event, data: '' })).toThrow(/line break/)
  })

  it('never holds a field that its data made up', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('\r', '\n', 'id: 1', 'event: x', 'data: ', 'a', '\u2028') }),
        (data) => {
          const lines = sseFrame({ data }).split('\n')
          expect(lines.slice(0, -2).every((line) => line.startsWith('data: '))).toBe(true)
          expect(lines.slice(-2)).toEqual(['', ''])
        },
      ),
    )
  })
})

describe('a stream', () => {
  it('is written only as it is read', async () => {
    let made = 0
    const response = sseResponse(async function* () {
      for (;;) yield `data: ${++made}\n\n`
    })
    expect(made).toBe(0)
    const reader = response.body?.getReader()
    await reader?.read()
    await reader?.read()
    expect(made).toBe(2)
    await reader?.cancel()
  })

  it('lets go of what it waits for when its reader leaves', async () => {
    let left = false
    const response = sseResponse(async function* (signal) {
      try {
        yield 'data: 1\n\n'
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      } finally {
        left = true
      }
    })
    const reader = response.body?.getReader()
    await reader?.read()
    const pending = reader?.read()
    await reader?.cancel()
    await pending
    expect(left).toBe(true)
  })
})
