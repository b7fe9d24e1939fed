import { z } from 'zod';
import type { VaultDeps } from '../deps.js';

/** Something that an operator can have done: by the running server, or by the command itself when none runs. */
export interface Operation<Input extends z.ZodType = z.ZodType, Output = unknown> {
  readonly input: Input;
  readonly run: (deps: VaultDeps, input: z.output<Input>) => Promise<Output>;
}

/** The same with many lines as its answer; ends after the signal. */
export interface LineOperation<Input extends z.ZodType = z.ZodType> {
  readonly input: Input;
  readonly lines: (deps: VaultDeps, input: z.output<Input>, signal: AbortSignal) => AsyncIterable<string>;
}

/** Defines an operation; its input is checked strictly, also when it comes from this machine. */
export function defineOperation<Shape extends z.ZodRawShape, Output>(
  shape: Shape,
  run: (deps: VaultDeps, input: z.output<z.ZodObject<Shape, z.core.$strict>>) => Promise<Output>,
): Operation<z.ZodObject<Shape, z.core.$strict>, Output> {
  return { input: z.strictObject(shape), run };
}

/** Defines an operation that answers lines. */
export function defineLines<Shape extends z.ZodRawShape>(
  shape: Shape,
  lines: LineOperation<z.ZodObject<Shape, z.core.$strict>>['lines'],
): LineOperation<z.ZodObject<Shape, z.core.$strict>> {
  return { input: z.strictObject(shape), lines };
}

/** An operation was refused; `code` decides the command's exit code. */
export class OperationError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'OperationError';
    this.code = code;
  }
}
