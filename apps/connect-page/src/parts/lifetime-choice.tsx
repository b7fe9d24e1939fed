import type { ConnectView } from '@alter-ai/core-contract';
import { Field, Select } from '@alter-ai/ui';
import type { ReactNode } from 'react';
import { formatDuration, listLifetimes } from '../wording/lifetimes.js';

/** Props of `LifetimeChoice`. */
export interface LifetimeChoiceProps {
  bounds: ConnectView['lifetime'];
  /** Seconds; null is no end. */
  value: number | null;
  onChange: (seconds: number | null) => void;
}

/** How long the access lasts, within the app's maximum. */
export function LifetimeChoice({ bounds, value, onChange }: LifetimeChoiceProps): ReactNode {
  const { max_seconds: max, default_seconds: usual } = bounds;
  return (
    <Field hint={max === null ? undefined : `At most ${formatDuration(max)}.`} label="Access lasts">
      {(control) => (
        <Select
          {...control}
          name="lifetime"
          onChange={(event) => onChange(event.target.value ? Number(event.target.value) : null)}
          value={value ?? ''}
        >
          {listLifetimes(max, usual).map(({ seconds, label }) => (
            <option key={label} value={seconds ?? ''}>
              {label}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}
