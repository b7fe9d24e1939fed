import type { KeyEntry } from '@alter-ai/core-contract';
import { Field, TextInput } from '@alter-ai/ui';
import type { ReactNode } from 'react';

/** Props of `KeyFields`. */
export interface KeyFieldsProps {
  fields: KeyEntry['fields'];
  values: Readonly<Record<string, string>>;
  errors: Readonly<Record<string, string>>;
  onChange: (name: string, value: string) => void;
}

/** The fields of a key. Secret ones are never shown, and no browser is asked to remember them. */
export function KeyFields({ fields, values, errors, onChange }: KeyFieldsProps): ReactNode {
  return fields.map(({ name, label, is_secret: isSecret, is_required: isRequired }) => (
    <Field error={errors[name]} hint={isRequired ? undefined : 'Optional.'} key={name} label={label}>
      {(control) => (
        <TextInput
          {...control}
          autoCapitalize="none"
          // A browser takes `off` in a password field for a sign-in and offers what it knows.
          autoComplete={isSecret ? 'new-password' : 'off'}
          autoCorrect="off"
          data-1p-ignore=""
          data-lpignore="true"
          name={name}
          onChange={(event) => onChange(name, event.target.value)}
          required={isRequired}
          spellCheck={false}
          type={isSecret ? 'password' : 'text'}
          value={values[name] ?? ''}
        />
      )}
    </Field>
  ));
}
