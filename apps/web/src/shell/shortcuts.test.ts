import { describe, expect, it } from 'vitest'
import { shortcutFor, type Shortcut } from './shortcuts.ts'

const shortcut = (keys: string): Shortcut => ({ keys, what: keys, run: () => {} })
const shortcuts = [shortcut('n'), shortcut('g r'), shortcut('r')]

describe('shortcutFor', () => {
  it('finds a single key', () => expect(shortcutFor(shortcuts, 'n', null, 0)?.keys).toBe('n'))
  it('prefers the sequence to its last key', () =>
    expect(shortcutFor(shortcuts, 'r', { key: 'g', at: 0 }, 500)?.keys).toBe('g r'))
  it('forgets the first key after a second', () =>
    expect(shortcutFor(shortcuts, 'r', { key: 'g', at: 0 }, 1_500)?.keys).toBe('r'))
  it('knows no other keys', () => expect(shortcutFor(shortcuts, 'x', null, 0)).toBeUndefined())
})
