import type { Schemas } from '@/api/client'

export type Severity = Schemas['Severity']

/** Severity is a shape and a word; the colour only repeats it. */
export const severityMark: Record<Severity, { icon: string; tone: string }> = {
  critical: { icon: '▲', tone: 'bad' },
  warning: { icon: '◆', tone: 'warn' },
  info: { icon: '●', tone: 'dim' }
}

/** The tone of a score: good from 80 on, poor below 50. */
export function scoreTone(score: number | null | undefined): string {
  if (score === null || score === undefined) return 'dim'
  return score >= 80 ? 'good' : score >= 50 ? 'warn' : 'bad'
}
