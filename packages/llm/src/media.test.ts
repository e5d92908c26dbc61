import { describe, expect, it } from 'vitest'
import { loadMedia, mediaProblem, mediaTokens, pdfPages, unreadBy } from './media.ts'
import { createOfflineProvider } from './offline/index.ts'
import { userText, type DocumentPart, type Message, type UserPart } from './port.ts'
import { countRequestTokens } from './tokens.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const pdf = (text: string, more: Partial<DocumentPart> = {}): DocumentPart => ({
  type: 'document',
  name: 'report.pdf',
  mediaType: 'application/pdf',
  source: { data: base64(text) },
  ...more,
})

describe('media', () => {
  it('count by page, on the high side, whether pages can be counted or not', () => {
    expect(mediaTokens(pdf('%PDF /Type /Pages /Type /Page /Type/Page\n'))).toBe(16_000)
    expect(mediaTokens(pdf('x'.repeat(10_000)))).toBe(24_000)
    expect(mediaTokens(pdf('', { pages: 3 }))).toBe(24_000)
    expect(mediaTokens(pdf('', { source: { ref: 'a' } }))).toBe(4_800_000)
  })

  it('count into the request, plain text as text', () => {
    const request = (messages: Message[]) => ({ model: 'gpt-6.1-sol', system: '', messages, maxOutputTokens: 10 })
    const image = { type: 'image' as const, mediaType: 'image/png', source: { ref: 'a' } }
    const withImage = countRequestTokens(request([{ role: 'user', content: [image] }]))
    expect(withImage).toBeGreaterThan(5000)
    const notes = pdf('a few words', { mediaType: 'text/plain' })
    const said = countRequestTokens(request([userText('a few words')]))
    expect(countRequestTokens(request([{ role: 'user', content: [notes] }]))).toBe(said)
  })

  it('are loaded from where they are kept; what is gone stays a reference', async () => {
    const image = (ref: string) => ({ type: 'image' as const, mediaType: 'image/png', source: { ref } })
    const messages: Message[] = [
      { role: 'user', content: [image('here'), image('gone'), { type: 'text', text: 'Hi' }] },
    ]
    const loaded = await loadMedia(messages, async (ref) => (ref === 'here' ? 'AAAA' : null))
    expect(loaded[0]?.content).toEqual([
      { ...image('here'), source: { data: 'AAAA' } },
      image('gone'),
      { type: 'text', text: 'Hi' },
    ])
    expect(mediaProblem({ model: 'gpt-6.1-sol', system: '', messages: loaded, maxOutputTokens: 1 })).toContain('gone')
  })

  it('are refused by the offline model, but for plain text', async () => {
    const answer = async (part: UserPart) =>
      createOfflineProvider().call(
        { model: 'default', system: '', messages: [{ role: 'user', content: [part] }], maxOutputTokens: 500 },
        { signal: new AbortController().signal },
      )
    const image = await answer({ type: 'image', mediaType: 'image/png', source: { data: 'AAAA' } })
    expect(image).toMatchObject({ ok: false, failure: { code: 'model_bad_request' } })
    expect(!image.ok && image.failure.message).toContain('cannot read images')
    expect(await answer(pdf('Rain in Oslo.', { mediaType: 'text/plain' }))).toMatchObject({ ok: true })
  })

  it.each([
    ['images', 'image/png', 'gpt-6.1-sol', undefined, undefined],
    ['images', 'image/png', 'o3-mini', undefined, 'images'],
    ['PDFs', 'application/pdf', 'o3-mini', undefined, 'PDFs'],
    ['images', 'image/png', 'gpt-6.1-sol', true as const, 'images'],
    ['plain text', 'text/plain', 'o3-mini', true as const, undefined],
  ])('are known not to be read by some models: %s', (_, mediaType, model, only, expected) => {
    const source = { ref: 'a' }
    const part: UserPart = mediaType.startsWith('image/')
      ? { type: 'image', mediaType, source }
      : pdf('', { mediaType })
    const messages: Message[] = [userText('Hi'), { role: 'user', content: [part] }]
    const request = { model, system: '', messages, maxOutputTokens: 1 }
    expect(unreadBy(only ? { textOnly: only } : {}, request)).toBe(expected)
  })

  it('have as many pages as they name, and many where they name none', () => {
    expect(pdfPages(Buffer.from('%PDF /Type /Pages /Type /Page /Type/Page\n'))).toBe(2)
    expect(pdfPages(Buffer.alloc(10_000))).toBe(3)
    expect(pdfPages(Buffer.alloc(10_000_000))).toBe(600)
  })

  it('are not sent beyond what providers take at once', () => {
    const large = pdf('', { source: { data: 'A'.repeat(33 * 1024 * 1024) } })
    const request = {
      model: 'm',
      system: '',
      messages: [{ role: 'user' as const, content: [large] }],
      maxOutputTokens: 1,
    }
    expect(mediaProblem(request)).toContain('33 MB')
  })
})
