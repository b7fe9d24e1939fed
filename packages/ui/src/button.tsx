import { Slot } from 'radix-ui';
import type { ComponentProps, ReactNode } from 'react';
import { joinClasses } from './classes.js';

const kinds = {
  primary: 'border border-accent-line bg-accent text-accent-ink hover:bg-accent-hover font-medium',
  secondary: 'border border-edge/60 bg-surface text-ink hover:bg-raised active:bg-line font-medium',
  quiet: 'text-soft hover:text-ink hover:bg-raised active:bg-line',
};

/** Props of `Button`. */
export interface ButtonProps extends ComponentProps<'button'> {
  kind?: keyof typeof kinds;
  /** Shows that work goes on and takes no further clicks; keeps the focus where it is. */
  isBusy?: boolean;
  /** Renders the only child (a link) with the button's look. */
  asChild?: boolean;
}

/** A button, 44 px high. Busy and disabled buttons stay focusable, so that keyboard users do not lose their place. */
export function Button({
  kind = 'primary',
  isBusy = false,
  asChild = false,
  disabled = false,
  className,
  children,
  onClick,
  type = 'button',
  ...rest
}: ButtonProps): ReactNode {
  const isInert = disabled || isBusy;
  const Tag = asChild ? Slot.Root : 'button';
  return (
    <Tag
      {...rest}
      {...(asChild ? {} : { type })}
      aria-busy={isBusy || undefined}
      aria-disabled={isInert || undefined}
      className={joinClasses(
        'relative inline-flex min-h-11 items-center justify-center gap-2 rounded-lg px-4 py-2 text-center text-[0.9375rem] leading-5 no-underline transition-colors',
        kinds[kind],
        disabled && !isBusy && 'opacity-50',
        className,
      )}
      onClick={(event) => {
        if (isInert) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {asChild ? (
        children
      ) : (
        <>
          {children}
          {isBusy && <Spinner className="absolute right-4 size-5" />}
        </>
      )}
    </Tag>
  );
}

/** A turning ring; whoever shows it owes it an end. */
export function Spinner({ className = 'size-5' }: { className?: string }): ReactNode {
  return (
    <svg
      aria-hidden="true"
      className={joinClasses('animate-spin', className)}
      fill="none"
      viewBox="0 0 24 24"
    >
      <circle cx="12" cy="12" opacity="0.25" r="9" stroke="currentColor" strokeWidth="2.5" />
      <path d="M21 12a9 9 0 0 0-9-9" stroke="currentColor" strokeLinecap="round" strokeWidth="2.5" />
    </svg>
  );
}
