import type { MisbehaviourSpec, RefreshMode } from '@alter-ai/emulator';

/** One of the three situations of the figures of R. */
export interface Mode {
  readonly id: 'a' | 'b' | 'c';
  readonly title: string;
  /** What the provider does with a refresh token that is used twice, and what the vault is told of it. */
  readonly reuse: RefreshMode;
  /** Whether the token is spent before the late answer, or only after the delay. */
  readonly isSpentFirst: boolean;
}

/** How long a spent refresh token is taken again in mode b. */
export const reuseWindowSeconds = 60;

/** (a) killed before the provider consumed the token, (b) provider with a reuse window, (c) strict provider. */
export const modes: readonly Mode[] = [
  { id: 'a', title: 'killed before the token is consumed', reuse: 'window', isSpentFirst: false },
  { id: 'b', title: 'killed after it, reuse window', reuse: 'window', isSpentFirst: true },
  { id: 'c', title: 'killed after it, strict', reuse: 'strict', isSpentFirst: true },
];

/** Makes each answer of a token endpoint late; before consumption a caller that has gone is not served at all. */
export function describeDelay(mode: Mode, delayMs: number): MisbehaviourSpec {
  return mode.isSpentFirst
    ? { kind: 'delay', when: 'after', delayMs }
    : { kind: 'delay', when: 'before', delayMs, isDroppedOnDisconnect: true };
}

/** The provider's id in the vault. */
export const nameProvider = (mode: Mode) => `mode-${mode.id}`;
