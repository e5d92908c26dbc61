const BAR = 4
const GAP = 1
const HEIGHT = 16

/** Counts by minute, the running one last; the number beside it says the same in words. */
export function MinuteBars({ counts }: Readonly<{ counts: readonly number[] }>) {
  const most = Math.max(1, ...counts)
  const width = counts.length * (BAR + GAP)
  return (
    <svg width={width} height={HEIGHT} aria-hidden="true" className="inline-block align-[-3px]">
      {counts.map((n, i) => {
        const height = n === 0 ? 1 : Math.max(2, (n / most) * HEIGHT)
        return (
          <rect
            key={i}
            x={i * (BAR + GAP)}
            y={HEIGHT - height}
            width={BAR}
            height={height}
            className={n === 0 ? 'fill-line' : 'fill-active'}
          />
        )
      })}
    </svg>
  )
}
