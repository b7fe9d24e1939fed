import { Label } from 'radix-ui';
import { type ComponentProps, type ReactNode, useId } from 'react';
import { joinClasses } from './classes.js';
import { Icon } from './icons.js';

/** What a control inside a `Field` must carry. */
export interface FieldControl {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': true | undefined;
}

/** Props of `Field`. */
export interface FieldProps {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  children: (control: FieldControl) => ReactNode;
}

/** A labelled control; hint and error share one line, so that an error moves nothing. */
export function Field({ label, hint, error, children }: FieldProps): ReactNode {
  const id = useId();
  const note = error ?? hint;
  return (
    <div className="flex flex-col gap-1.5">
      <Label.Root className="text-sm font-medium" htmlFor={id}>
        {label}
      </Label.Root>
      {children({
        id,
        'aria-describedby': note ? `${id}-note` : undefined,
        'aria-invalid': error ? true : undefined,
      })}
      {note && (
        <p
          className={joinClasses('text-[0.8125rem] leading-5', error ? 'text-bad' : 'text-soft')}
          id={`${id}-note`}
        >
          {note}
        </p>
      )}
    </div>
  );
}

const controlClasses =
  'min-h-11 w-full rounded-lg border border-edge bg-surface px-3 text-base text-ink placeholder:text-soft aria-invalid:border-bad';

/** A one-line text input. */
export function TextInput({ className, ...rest }: ComponentProps<'input'>): ReactNode {
  return <input {...rest} className={joinClasses(controlClasses, className)} />;
}

/** A choice from a short list: the browser's own select, which works with every keyboard and phone. */
export function Select({ className, children, ...rest }: ComponentProps<'select'>): ReactNode {
  return (
    <span className="relative block">
      <select {...rest} className={joinClasses(controlClasses, 'appearance-none truncate pr-10', className)}>
        {children}
      </select>
      <Icon className="pointer-events-none absolute top-3 right-3 size-5 text-soft" name="chevron" />
    </span>
  );
}
