import type { ReactNode } from 'react';
import { joinClasses } from './classes.js';
import { Icon, type IconName } from './icons.js';

const tones = {
  good: { wash: 'bg-good-wash text-good', icon: 'check' },
  warn: { wash: 'bg-warn-wash text-warn', icon: 'warning' },
  bad: { wash: 'bg-bad-wash text-bad', icon: 'cross' },
} satisfies Record<string, { wash: string; icon: IconName }>;

/** How a message is meant. */
export type Tone = keyof typeof tones;

/** Props of `StatusMark`. */
export interface StatusMarkProps {
  tone: Tone;
  icon?: IconName;
}

/** The round mark above a final message. */
export function StatusMark({ tone, icon = tones[tone].icon }: StatusMarkProps): ReactNode {
  return (
    <span
      className={joinClasses(
        'inline-flex size-12 items-center justify-center rounded-full',
        tones[tone].wash,
      )}
    >
      <Icon className="size-6" name={icon} />
    </span>
  );
}

/** A message inside a page, read out when it appears. */
export function Notice({ tone, children }: { tone: Tone; children: ReactNode }): ReactNode {
  return (
    <div
      className={joinClasses('flex gap-2.5 rounded-lg px-3 py-2.5 text-sm leading-5', tones[tone].wash)}
      role={tone === 'good' ? 'status' : 'alert'}
    >
      <Icon className="size-5 shrink-0" name={tones[tone].icon} />
      <div className="min-w-0 break-words">{children}</div>
    </div>
  );
}
