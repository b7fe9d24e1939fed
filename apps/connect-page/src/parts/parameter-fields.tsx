import type { ConnectParameter } from '@alter-ai/core-contract';
import { Field, Select, TextInput } from '@alter-ai/ui';
import type { ReactNode } from 'react';

/** Props of `ParameterFields`. */
export interface ParameterFieldsProps {
  parameters: readonly ConnectParameter[];
  values: Readonly<Record<string, string>>;
  errors: Readonly<Record<string, string>>;
  onChange: (name: string, value: string) => void;
}

/** What the provider's addresses need to know: a subdomain, a region. */
export function ParameterFields({ parameters, values, errors, onChange }: ParameterFieldsProps): ReactNode {
  return parameters.map(({ name, label, example, options }) => (
    <Field
      error={errors[name]}
      hint={example && !options ? `For example “${example}”.` : undefined}
      key={name}
      label={label}
    >
      {(control) =>
        options ? (
          <Select
            {...control}
            name={name}
            onChange={(event) => onChange(name, event.target.value)}
            value={values[name]}
          >
            {options.map((option) => (
              <option key={option}>{option}</option>
            ))}
          </Select>
        ) : (
          <TextInput
            {...control}
            autoCapitalize="none"
            autoComplete="off"
            name={name}
            onChange={(event) => onChange(name, event.target.value.trim())}
            spellCheck={false}
            value={values[name]}
          />
        )
      }
    </Field>
  ));
}
