import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queryClient } from './api/client.ts'
import { router } from './router.tsx'
import { fetchPartsWhenIdle } from './shell/part.ts'
import './styles.css'

const place = document.querySelector('#app')
if (place === null) throw new Error('expected an element #app in index.html')
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
)

fetchPartsWhenIdle()
