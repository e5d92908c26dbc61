import { expect, it } from 'vitest'
import { readContext, readReply, readRequest } from './record-shapes.ts'

it('reads a reply block by block, and shows what it does not know', () =>
  expect(
    readReply({
      content: [
        { type: 'text', text: 'yes' },
        { type: 'tool_call', id: '1', name: 'find', arguments: {} },
        { type: 'new' },
      ],
    }),
  ).toEqual([
    { type: 'text', text: 'yes' },
    { type: 'tool_call', id: '1', name: 'find', arguments: {} },
    { type: 'text', text: '{\n  "type": "new"\n}' },
  ]))

it('reads requests with text or blocks', () =>
  expect(
    readRequest({
      messages: [
        { role: 'user', content: 'do it' },
        { role: 'user', content: [{ type: 'text', text: 'a' }] },
      ],
    }),
  ).toEqual({
    system: null,
    messages: [
      { role: 'user', blocks: [{ type: 'text', text: 'do it' }] },
      { role: 'user', blocks: [{ type: 'text', text: 'a' }] },
    ],
  }))

it('says of other shapes that it cannot read them', () =>
  expect([readReply('gone'), readRequest(null), readContext({ mode: 'OTHER' })]).toEqual([null, null, null]))
