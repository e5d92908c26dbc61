import { RUN_STATUSES } from '@flotilla/domain'
import { Select } from '../parts/select.tsx'
import { SettledInput } from '../parts/settled-input.tsx'
import { RUN_LOOKS } from '../state/tones.ts'
import { isLabel, type RunChoice } from './filter.ts'

type ChoiceProps = Readonly<{ choice: RunChoice; set: (change: Readonly<Record<string, unknown>>) => void }>

export const StateSelect = ({ choice, set }: ChoiceProps) => (
  <Select
    label="State"
    none="Any state"
    value={choice.status ?? ''}
    options={[['live', 'Not ended'], ...RUN_STATUSES.map((status) => [status, RUN_LOOKS[status].label] as const)]}
    onChange={(status) => set({ status })}
  />
)

export const LabelInput = ({ choice, set }: ChoiceProps) => (
  <SettledInput
    label="Label, as key:value"
    className="w-40"
    value={choice.label ?? ''}
    valid={(text) => text === '' || isLabel(text)}
    wanted="Expected key:value, such as team:platform"
    onSettled={(label) => set({ label })}
  />
)
