import { ref } from 'vue'

/** The browser's clock, a second at a time, for whatever says how old something is. */
export const now = ref(Date.now())

setInterval(() => {
  if (!document.hidden) now.value = Date.now()
}, 1000)
