import { Collapsible } from 'radix-ui';
import type { ReactNode } from 'react';
import { Icon } from './icons.js';

/** Props of `Disclosure`. */
export interface DisclosureProps {
  /** The always visible line; it is the control. */
  summary: ReactNode;
  isOpenAtFirst: boolean;
  children: ReactNode;
}

/** A bordered block whose body folds away under its first line. */
export function Disclosure({ summary, isOpenAtFirst, children }: DisclosureProps): ReactNode {
  return (
    <Collapsible.Root className="rounded-xl border border-line" defaultOpen={isOpenAtFirst}>
      <Collapsible.Trigger className="group flex min-h-14 w-full items-center gap-3 rounded-xl px-3 py-2.5 text-left hover:bg-raised">
        <span className="min-w-0 flex-1">{summary}</span>
        <Icon
          className="size-5 shrink-0 text-soft transition-transform group-data-[state=open]:rotate-180"
          name="chevron"
        />
      </Collapsible.Trigger>
      <Collapsible.Content className="border-t border-line">{children}</Collapsible.Content>
    </Collapsible.Root>
  );
}
