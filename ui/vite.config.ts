import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

/** Where the API is while developing: `BASIRA_URL=http://127.0.0.1:9000 npm run dev`. */
const server = process.env.BASIRA_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [
    vue({
      template: {
        // Hoisted static content goes through innerHTML, where the policy strips its styles.
        compilerOptions: { hoistStatic: false }
      }
    })
  ],
  resolve: {
    alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) }
  },
  build: {
    target: 'es2022',
    // Nothing is inlined as a data: URL, so that every asset is a file with a hash in its name.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false }
  },
  server: {
    proxy: {
      '/api': { target: server, ws: true, changeOrigin: true, headers: { origin: server } },
      '/healthz': server,
      '/readyz': server
    }
  },
  test: {
    environment: 'happy-dom',
    include: ['tests/**/*.test.ts']
  }
})
