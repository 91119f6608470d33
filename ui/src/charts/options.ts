import uPlot from 'uplot'
import { written, type UnitName } from '@/text/units'
import { tick, type Zone } from '@/time/format'
import type { Window } from '@/time/span'
import { colour, drawOverlay, type Overlay } from './draw'
import type { Series } from './series'

export interface ChartOptions {
  width: number
  height: number
  unit: UnitName
  zone: Zone
  window: Window
  series: Series[]
  /** Areas on top of each other; else lines. */
  area: boolean
  /** The least that the axis reaches up to. */
  least: number
  /** The top of the axis, where it is fixed. */
  top: number | null
  overlay: () => Overlay
  onSelect: (window: Window) => void
  onCursor: (index: number | null) => void
}

/** The charts of one page share cursors and what is selected. */
export const cursors = uPlot.sync('page')

/** Top-most first, with opaque fills: so areas need no bands between them, and an empty bucket is empty in all. */
function drawn(options: ChartOptions): uPlot.Series[] {
  const series = options.area ? [...options.series].reverse() : options.series
  return series.map(({ name, token }) => ({
    label: name,
    stroke: colour(token),
    width: options.area ? 0.5 : 1.5,
    fill: options.area ? colour(token) : undefined,
    points: { show: false }
  }))
}

export function uplotOptions(options: ChartOptions): uPlot.Options {
  const spanMs = options.window.until - options.window.since
  const axis = { stroke: colour('--dim'), font: `11px ${colour('--sans')}`, ticks: { show: false } }
  const rules = { stroke: colour('--line'), width: 1 }
  return {
    width: options.width,
    height: options.height,
    padding: [8, 10, 0, 0],
    legend: { show: false },
    tzDate: (seconds) => (options.zone === 'utc' ? uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC') : new Date(seconds * 1000)),
    series: [{}, ...drawn(options)],
    scales: {
      x: { time: true, range: () => [options.window.since / 1000, options.window.until / 1000] },
      y: { range: (_plot, _min, max) => [0, options.top ?? (Math.max(options.least, (max ?? 0) * 1.08) || 1)] }
    },
    axes: [
      { ...axis, grid: { show: false }, size: 24, space: 72, values: (_plot, times, _axis, _space, step) => times.map((time) => tick(time * 1000, step * 1000, spanMs, options.zone)) },
      {
        ...axis,
        grid: rules,
        gap: 6,
        space: 34,
        // Sizes count in powers of two.
        ...(options.unit === 'bytes' && { incrs: Array.from({ length: 51 }, (_, power) => 2 ** power) }),
        size: (_plot, values) => 12 + Math.max(18, ...(values ?? []).map((value) => value.length * 6.6)),
        values: (_plot, values) => values.map((value) => written(value, options.unit))
      }
    ],
    cursor: {
      sync: { key: cursors.key, setSeries: false },
      drag: { x: true, y: false, setScale: false, dist: 6 },
      points: { show: !options.area, size: 6 },
      y: false
    },
    hooks: {
      draw: [(plot) => drawOverlay(plot, options.overlay())],
      setCursor: [(plot) => options.onCursor(plot.cursor.idx ?? null)],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select
          if (width < 3) return
          options.onSelect({ since: plot.posToVal(left, 'x') * 1000, until: plot.posToVal(left + width, 'x') * 1000 })
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
        }
      ]
    }
  }
}

/** Times and values in the order in which they are drawn. */
export function uplotData(times: number[], series: Series[], area: boolean): uPlot.AlignedData {
  const ordered = area ? [...series].reverse() : series
  return [times.map((at) => at / 1000), ...ordered.map(({ values }) => values)]
}
