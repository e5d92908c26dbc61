import { useEffect, useRef, type ReactNode } from 'react'

export type DialogProps = Readonly<{ label: string; onClose: () => void; children: ReactNode; className?: string }>

/** A modal dialog: keeps the focus in, gives it back, and closes by Escape or a click beside it. */
export function Dialog({ label, onClose, children, className = '' }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = ref.current
    if (dialog !== null && !dialog.open) dialog.showModal()
    return () => dialog?.close()
  }, [])
  return (
    // The backdrop is the dialog itself: only a click on it, and not on its content, has it as target.
    <dialog
      ref={ref}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose()
      }}
      className={`w-[min(560px,calc(100vw-24px))] rounded-lg border border-line bg-surface text-ink ${className}`}
    >
      <div>{children}</div>
    </dialog>
  )
}
