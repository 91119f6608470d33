import { ref } from 'vue'
import { ApiError } from '@/api/client'

/** Something that somebody asked for: whether it is under way, and what went wrong with it. */
export function useAction() {
  const busy = ref(false)
  const problem = ref<string | null>(null)
  const field = ref<string | null>(null)
  const done = ref<string | null>(null)

  /** Runs `work`; true when it succeeded. `said` is shown then. */
  async function run(work: () => Promise<unknown>, said: string | null = null): Promise<boolean> {
    busy.value = true
    problem.value = field.value = done.value = null
    try {
      await work()
      done.value = said
      return true
    } catch (error) {
      problem.value = (error as Error).message
      field.value = error instanceof ApiError ? error.field : null
      return false
    } finally {
      busy.value = false
    }
  }
  return { busy, problem, field, done, run }
}

export type Action = ReturnType<typeof useAction>
