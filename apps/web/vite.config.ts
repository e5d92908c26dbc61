import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [react(), tailwindcss()],
  // A style that could not be fetched is not asked for again, so all of them come with the first page.
  // Under the API's policy a file inlined as data: would not load.
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { '^/(v1|internal|readyz|docs|admin)': 'http://127.0.0.1:3000' } },
})
