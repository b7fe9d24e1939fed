import { z } from 'zod';
import type { KeyRotationRow } from '../../storage/keys/rotations.js';

/** Where a rotation goes on, kept with it. */
export interface RotationPosition {
  /** Index of the sealed column that is being read. */
  readonly column: number;
  /** Id of the last row (or app) that was looked at. */
  readonly after: string;
  /** How many were looked at in this pass. */
  readonly seen: number;
  /** How many were changed in this pass. */
  readonly passChanged: number;
  /** Data keys of values that did not open in this pass. */
  readonly keptKeys: readonly string[];
  /** Ids of apps whose own key did not open in this pass: it stays as it is. */
  readonly unreadableApps: readonly string[];
  /** The sweep deletes data keys that were closed by then; null before. */
  readonly closedUntilMs: number | null;
  /** Root keys that every process must have before anything is wrapped with them. */
  readonly neededKeys: readonly string[];
}

const schema = z.object({
  column: z.int(),
  after: z.string(),
  seen: z.int(),
  passChanged: z.int(),
  keptKeys: z.array(z.string()),
  // A rotation that an earlier version began has none.
  unreadableApps: z.array(z.string()).default([]),
  closedUntilMs: z.number().nullable().default(null),
  neededKeys: z.array(z.string()),
});

/** The beginning of a pass. */
export function startPass(neededKeys: readonly string[] = []): RotationPosition {
  return {
    column: 0,
    after: '',
    seen: 0,
    passChanged: 0,
    keptKeys: [],
    unreadableApps: [],
    closedUntilMs: null,
    neededKeys,
  };
}

/** The position that is stored with a rotation. */
export function readPosition(row: Pick<KeyRotationRow, 'position_json'>): RotationPosition {
  return row.position_json === null ? startPass() : schema.parse(JSON.parse(row.position_json));
}
