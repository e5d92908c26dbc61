import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queryClient } from './api/client.ts'
import { router } from './router.tsx'
import './styles.css'

// A newer build has replaced the part that this page wants: the page is of the old one.
addEventListener('vite:preloadError', () => location.reload())

const place = document.querySelector('#app')
if (place === null) throw new Error('expected an element #app in index.html')
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
)
