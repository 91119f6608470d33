import type uPlot from 'uplot'
import type { Window } from '@/time/span'
import type { Gap } from './gaps'
import type { Mark } from './series'

/** Colours as the style sheet has them for the theme that is shown. */
export function colour(token: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(token).trim()
}

/** A horizontal line that means something, such as the number of processors. */
export interface Limit {
  value: number
  text: string
}

export interface Overlay {
  gaps: Gap[]
  marks: Mark[]
  limit: Limit | null
  selection: Window | null
}

const edge = (plot: uPlot, at: number) => {
  const { left, width } = plot.bbox
  return Math.min(left + width, Math.max(left, plot.valToPos(at / 1000, 'x', true)))
}

/** Everything on a chart that is no series: hatched gaps, what is selected, the limit and the marks. */
export function drawOverlay(plot: uPlot, overlay: Overlay): void {
  const { ctx } = plot
  ctx.save()
  ctx.font = `${11 * devicePixelRatio}px ${colour('--sans')}`
  ctx.textBaseline = 'top'
  ctx.textAlign = 'left'
  drawGaps(plot, overlay.gaps)
  drawSelection(plot, overlay.selection)
  drawLimit(plot, overlay.limit)
  drawMarks(plot, overlay.marks)
  ctx.restore()
}

function drawGaps(plot: uPlot, gaps: Gap[]): void {
  const { ctx, bbox } = plot
  const step = 7 * devicePixelRatio
  for (const gap of gaps) {
    const [left, right] = [edge(plot, gap.since), edge(plot, gap.until)]
    if (right - left < 1) continue
    ctx.save()
    ctx.beginPath()
    ctx.rect(left, bbox.top, right - left, bbox.height)
    ctx.clip()
    ctx.fillStyle = colour('--panel')
    ctx.fill()
    ctx.strokeStyle = colour('--dim')
    ctx.globalAlpha = 0.4
    ctx.lineWidth = devicePixelRatio
    ctx.beginPath()
    for (let x = left - bbox.height; x < right; x += step) {
      ctx.moveTo(x, bbox.top + bbox.height)
      ctx.lineTo(x + bbox.height, bbox.top)
    }
    ctx.stroke()
    ctx.globalAlpha = 1
    ctx.fillStyle = colour('--dim')
    const label = 'no samples'
    if (right - left > ctx.measureText(label).width + 12) ctx.fillText(label, left + 6, bbox.top + 3)
    ctx.restore()
  }
}

function drawSelection(plot: uPlot, selection: Window | null): void {
  if (!selection) return
  const { ctx, bbox } = plot
  const [left, right] = [edge(plot, selection.since), edge(plot, selection.until)]
  ctx.fillStyle = ctx.strokeStyle = colour('--accent')
  ctx.lineWidth = devicePixelRatio
  ctx.globalAlpha = 0.14
  ctx.fillRect(left, bbox.top, right - left, bbox.height)
  ctx.globalAlpha = 0.7
  ctx.strokeRect(left, bbox.top, right - left, bbox.height)
  ctx.globalAlpha = 1
}

function drawLimit(plot: uPlot, limit: Limit | null): void {
  if (!limit) return
  const { ctx, bbox } = plot
  const y = plot.valToPos(limit.value, 'y', true)
  if (y < bbox.top) return
  ctx.strokeStyle = ctx.fillStyle = colour('--text')
  ctx.lineWidth = devicePixelRatio
  ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio])
  ctx.beginPath()
  ctx.moveTo(bbox.left, y)
  ctx.lineTo(bbox.left + bbox.width, y)
  ctx.stroke()
  ctx.setLineDash([])
  ctx.textAlign = 'right'
  ctx.textBaseline = y - bbox.top > 16 * devicePixelRatio ? 'bottom' : 'top'
  ctx.fillText(limit.text, bbox.left + bbox.width - 4, y)
  ctx.textAlign = 'left'
  ctx.textBaseline = 'top'
}

function drawMarks(plot: uPlot, marks: Mark[]): void {
  const { ctx, bbox } = plot
  ctx.lineWidth = devicePixelRatio
  ctx.textAlign = 'center'
  for (const mark of marks) {
    const x = plot.valToPos(mark.at / 1000, 'x', true)
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    ctx.strokeStyle = colour('--dim')
    ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio])
    ctx.beginPath()
    ctx.moveTo(x, bbox.top + 14 * devicePixelRatio)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    ctx.setLineDash([])
    ctx.fillStyle = colour('--text')
    ctx.fillText(mark.icon, x, bbox.top)
  }
  ctx.textAlign = 'left'
}
