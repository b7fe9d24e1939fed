import type { VaultDeps } from '../deps.js';
import { ApiError } from '../http/api-error.js';
import { SettingsFileError } from '../settings/file/settings-file-error.js';
import { proofLineOperations } from './audit/proof-operations.js';
import { auditLineOperations } from './audit-operations.js';
import { keyLineOperations } from './keys/key-operations.js';
import { type LineOperation, type Operation, OperationError } from './operation.js';
import { operations } from './operations.js';

const lineOperations = { ...auditLineOperations, ...proofLineOperations, ...keyLineOperations } as const;

/** Names of operations, with their answers. */
export type Operations = typeof operations;
/** Names of operations that answer lines. */
export type LineOperationName = keyof typeof lineOperations;
/** What an operation answers. */
export type Answer<Name extends keyof Operations> = Awaited<ReturnType<Operations[Name]['run']>>;

/** Runs one operation by its name. @throws OperationError */
export async function runOperation(deps: VaultDeps, name: string, input: unknown): Promise<unknown> {
  const operation = Object.hasOwn(operations, name)
    ? (operations[name as keyof Operations] as unknown as Operation)
    : undefined;
  if (!operation) throw new OperationError('unknown_operation', `There is no operation ${name}.`);
  const parsed = operation.input.safeParse(input);
  if (!parsed.success) throw new OperationError('invalid_request', describeIssue(parsed.error.issues));
  try {
    return await operation.run(deps, parsed.data);
  } catch (error) {
    throw toOperationError(error);
  }
}

/** Runs one operation that answers lines. @throws OperationError */
export async function* runLineOperation(
  deps: VaultDeps,
  name: string,
  input: unknown,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const operation = Object.hasOwn(lineOperations, name)
    ? (lineOperations[name as LineOperationName] as unknown as LineOperation)
    : undefined;
  if (!operation) throw new OperationError('unknown_operation', `There is no operation ${name}.`);
  const parsed = operation.input.safeParse(input);
  if (!parsed.success) throw new OperationError('invalid_request', describeIssue(parsed.error.issues));
  try {
    yield* operation.lines(deps, parsed.data, signal);
  } catch (error) {
    throw toOperationError(error);
  }
}

/** Whether a name is that of an operation that answers lines. */
export function isLineOperation(name: string): name is LineOperationName {
  return Object.hasOwn(lineOperations, name);
}

function describeIssue(issues: readonly { path: readonly PropertyKey[]; message: string }[]): string {
  const [issue] = issues;
  return issue ? `${issue.path.map(String).join('.')}: ${issue.message}` : 'The input is not valid.';
}

/** The vault's own errors go to the operator as they are; of others only the class, since messages may quote values. */
function toOperationError(error: unknown): OperationError {
  if (error instanceof OperationError) return error;
  if (error instanceof SettingsFileError) return new OperationError(error.code, error.message);
  if (error instanceof ApiError) return new OperationError(error.code, error.message);
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'internal_error';
  return new OperationError(
    code,
    `The operation failed: ${error instanceof Error ? error.name : 'unknown'} ${code}`,
  );
}
