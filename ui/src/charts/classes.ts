/** The classes of waits in their one order, from the bottom of a chart to its top, and the custom property with the colour of each. */
export const waitClasses = [
  { name: 'CPU', token: '--cpu', means: 'running on a processor, or wanting to' },
  { name: 'IO', token: '--io', means: 'reading or writing files' },
  { name: 'Lock', token: '--lock', means: 'another session holds a lock' },
  { name: 'LWLock', token: '--lwlock', means: 'a short lock inside the server, over shared memory' },
  { name: 'IPC', token: '--ipc', means: 'another process of the server' },
  { name: 'Client', token: '--client', means: 'the client is to send or receive' },
  { name: 'Network', token: '--client', means: 'sending to or receiving from the network' },
  { name: 'Timeout', token: '--timeout', means: 'sleeping for a set time' },
  { name: 'BufferPin', token: '--bufferpin', means: 'another session reads the same page' },
  { name: 'Extension', token: '--extension', means: 'an extension says what for' },
  { name: 'Other', token: '--other', means: 'none of the others' }
] as const

export type WaitClass = (typeof waitClasses)[number]['name']

const names: Record<string, WaitClass> = {
  ...Object.fromEntries(waitClasses.map(({ name }) => [name, name])),
  Buffer: 'BufferPin',
  Running: 'CPU'
}

/** The class of a `wait_event_type`; a session at work that waits for nothing is on the CPU. */
export function classOf(type: string | null): WaitClass {
  return type === null ? 'CPU' : (names[type] ?? 'Other')
}

export function classToken(name: string): string {
  return waitClasses.find((known) => known.name === name)?.token ?? '--accent'
}
