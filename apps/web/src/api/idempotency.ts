/** A key of its own for each request; browsers make a UUID only where the page came encrypted or from this machine. */
export const newKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
