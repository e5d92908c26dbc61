/** In the drawing's own measure. */
export type Box = Readonly<{ x: number; y: number; width: number; height: number }>
/** What the frame keeps free around the drawing, and how large that is, in pixels. */
export type Frame = Readonly<{
  width: number
  height: number
  left: number
  right: number
  top: number
  bottom: number
}>
/** Where the drawing's origin lies in the frame. */
export type Sight = Readonly<{ x: number; y: number; zoom: number }>

const READ_WELL = 0.85

/**
 * What is first seen of a drawing: all of it in the middle, unless it could not be read then. Then it is as large as it is read
 * well, or as it fits in one direction; in the other it lies so that `about` is in the middle, or as near to that as its ends
 * allow.
 */
export function firstSight(boxes: readonly Box[], about: Box | undefined, frame: Frame, leastZoom: number): Sight {
  const across = extent(boxes.map(({ x, width }) => [x, x + width]))
  const down = extent(boxes.map(({ y, height }) => [y, y + height]))
  const room = { x: frame.width - frame.left - frame.right, y: frame.height - frame.top - frame.bottom }
  const fits = [room.x / (across.to - across.from), room.y / (down.to - down.from)]
  const whole = Math.min(1, ...fits)
  const zoom = whole >= leastZoom ? whole : Math.max(leastZoom, Math.min(READ_WELL, Math.max(...fits)))
  const [x, y] = about === undefined ? [0, 0] : [about.x + about.width / 2, about.y + about.height / 2]
  return {
    x: frame.left + placed(across, x, room.x, zoom),
    y: frame.top + placed(down, y, room.y, zoom),
    zoom,
  }
}

type Placed = Readonly<{ position: Readonly<{ x: number; y: number }>; width?: number; height?: number }>

export const boxOf = ({ position, width = 0, height = 0 }: Placed): Box => ({ ...position, width, height })

type Extent = Readonly<{ from: number; to: number }>

const extent = (ends: readonly (readonly [number, number])[]): Extent =>
  ends.length === 0
    ? { from: 0, to: 1 }
    : { from: Math.min(...ends.map(([from]) => from)), to: Math.max(...ends.map(([, to]) => to)) }

function placed({ from, to }: Extent, about: number, room: number, zoom: number): number {
  const spare = room - (to - from) * zoom
  if (spare >= 0) return spare / 2 - from * zoom
  return Math.min(-from * zoom, Math.max(room - to * zoom, room / 2 - about * zoom))
}
