// Before the first paint, so that no page flashes in the other theme.
document.documentElement.dataset.theme =
  localStorage.getItem('flotilla.theme') ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')
