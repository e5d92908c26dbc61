import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { sniffMediaType } from './media-type.ts'
import { issuesOf } from './problem.ts'
import { decodedBytes, DocumentsSchema, MAX_MEDIA_FILE_BYTES } from './run-document.ts'

const latin1 = (text: string): string => Buffer.from(text, 'latin1').toString('base64')
const PNG = latin1('\u0089PNG\r\n\u001A\n picture')
const JPEG = latin1('\u00FF\u00D8\u00FF\u00E0 picture')
const told = (...documents: unknown[]) => issuesOf(v.safeParse(DocumentsSchema, documents).issues ?? [])
const png = (more: object = {}) => ({ name: 'a.png', mediaType: 'image/png', data: PNG, ...more })

describe('a document', () => {
  it.each([
    ['text', { name: 'a.md', content: 'text' }],
    ['PNG', png()],
    ['JPEG', { name: 'a.jpg', mediaType: 'image/jpeg', data: JPEG }],
    ['GIF', { name: 'a.gif', mediaType: 'image/gif', data: latin1('GIF89a…') }],
    ['WebP', { name: 'a.webp', mediaType: 'image/webp', data: latin1('RIFF\u0001\u0002\u0003\u0004WEBPVP8 ') }],
    ['PDF', { name: 'a.pdf', mediaType: 'application/pdf', data: latin1('\n\n%PDF-1.7\n') }],
  ])('is taken as %s', (_, document) => expect(told(document)).toEqual([]))

  it.each([
    [
      'of a type that no model reads',
      png({ mediaType: 'image/tiff' }),
      '/0/mediaType',
      'a model reads image/png, image/jpeg, image/gif, image/webp and application/pdf; found image/tiff. Convert it',
    ],
    ['of a text type', png({ mediaType: 'text/csv' }), '/0/mediaType', /found text\/csv\. Convert it, or send it as/],
    ['whose type is no text', png({ mediaType: 7 }), '/0/mediaType', /found 7\. Convert it$/],
    ['that is text and an image', png({ content: 'x' }), '/0/content', /either "content" \(text\), or "mediaType" and/],
    ['with an empty content beside', png({ content: '' }), '/0/content', /either "content"/],
    ['without data', { name: 'a', mediaType: 'image/png' }, '/0/data', '"data" is missing'],
    ['without anything', { name: 'a' }, '/0/content', '"content" is missing'],
    ['with an unknown field', png({ pages: 1 }), '/0/pages', 'unknown field "pages"'],
    ['with empty data', png({ data: '' }), '/0/data', 'the document is empty'],
    ['in hexadecimal', png({ data: '89 50 4e 47' }), '/0/data', /not base64/],
    ['in lines', png({ data: `${PNG.slice(0, 4)}\n${PNG.slice(4)}===` }), '/0/data', /without line breaks/],
    ['without padding', png({ data: PNG.replace(/=+$/, '') }), '/0/data', /padded/],
    [
      'of another type than it says',
      png({ data: JPEG }),
      '/0/data',
      'the data is image/jpeg by its first bytes, "mediaType" says image/png',
    ],
    ['that is nothing known', png({ data: latin1('hello') }), '/0/data', 'the data is no image/png by its first bytes'],
    ['that is none', 'a.png', '/0', /each with a "name"; found/],
  ])('%s is refused at its place', (_, document, path, message) => {
    const wanted = typeof message === 'string' ? message : expect.stringMatching(message)
    expect(told(document)).toEqual([{ path, message: wanted }])
  })

  it('with data and no type is told that the type is missing', () => {
    expect(told({ name: 'a', data: PNG })).toContainEqual({
      path: '/0/data',
      message: expect.stringMatching(/"mediaType" is missing$/),
    })
  })

  it('of more than 20 MiB is refused', () => {
    const data = `${PNG.slice(0, 20)}${'A'.repeat(Math.ceil(MAX_MEDIA_FILE_BYTES / 3) * 4)}`
    expect(told(png({ data }))).toEqual([
      { path: '/0/data', message: 'the file has 20.1 MiB; an image or a PDF has at most 20 MiB' },
    ])
  })
})

describe('the images and PDFs of a run', () => {
  it('are at most 20', () => {
    const images = Array.from({ length: 22 }, (_, i) => png({ name: `${i}.png` }))
    expect(told({ name: 'a.md', content: 'x' }, ...images)).toEqual([
      { path: '/21', message: 'a run takes at most 20 images and PDFs' },
    ])
  })

  it('are at most 22 MiB together', () => {
    const data = `${PNG.slice(0, 20)}${'A'.repeat(10 * 1024 * 1024)}`
    const images = Array.from({ length: 4 }, (_, i) => png({ name: `${i}.png`, data }))
    expect(told(...images)).toEqual([
      { path: '/2', message: expect.stringMatching(/^the images and PDFs so far have 22\.6 MiB; a run takes at most/) },
    ])
  })

  it('have names of their own', () => {
    expect(told(png(), { name: 'a.png', content: 'x' })).toEqual([
      { path: '/1/name', message: 'document 0 is named "a.png" already' },
    ])
  })
})

it.each(['', 'a', 'ab', 'abc', 'abcd'])('counts the bytes of %j without decoding it', (text) => {
  expect(decodedBytes(latin1(text))).toBe(text.length)
})

it.each([
  ['MM\u0000*', 'image/tiff'],
  ['\u0000\u0000\u0000\u0018ftypheic', 'image/heic'],
  ['PK\u0003\u0004', 'application/zip'],
  ['# Notes on %PDF', null],
  ['', null],
])('tells what people take for an image: %j', (text, type) => {
  expect(sniffMediaType(Buffer.from(text, 'latin1'))).toBe(type)
})
