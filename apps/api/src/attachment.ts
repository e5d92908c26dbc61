const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+(?:;\s*charset=[\w-]+)?$/

/** What an agent called its work, where that is a media type; text without a charset is UTF-8. */
export function servedMediaType(mediaType: string): string {
  if (!MEDIA_TYPE.test(mediaType)) return 'application/octet-stream'
  return mediaType.startsWith('text/') && !mediaType.includes(';') ? `${mediaType}; charset=utf-8` : mediaType
}

/** Never shown in place: it is the work of a model. The name loses its folders; RFC 6266 and 5987. */
export function attachmentHeader(name: string): string {
  const base = name.split(/[/\\]/).findLast((part) => part !== '') ?? 'artifact'
  const plain = base.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const encoded = encodeURIComponent(base.toWellFormed()).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}
