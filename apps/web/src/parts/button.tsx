import type { ButtonHTMLAttributes } from 'react'

type Kind = 'plain' | 'primary' | 'danger'

const LOOKS: Readonly<Record<Kind, string>> = {
  plain: 'border-edge bg-surface hover:bg-raised',
  primary: 'border-accent bg-accent text-on-accent hover:opacity-90',
  danger: 'border-bad bg-surface text-bad hover:bg-raised',
}

export const buttonClass = (kind: Kind = 'plain'): string =>
  `inline-flex h-7 items-center pointer-coarse:h-10 pointer-coarse:px-3.5 gap-1.5 rounded-control border px-2.5 whitespace-nowrap disabled:opacity-50 ${LOOKS[kind]}`

export const Button = ({ kind = 'plain', ...rest }: ButtonHTMLAttributes<HTMLButtonElement> & { kind?: Kind }) => (
  <button type="button" {...rest} className={`${buttonClass(kind)} ${rest.className ?? ''}`} />
)
