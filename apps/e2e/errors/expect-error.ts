import { AlterSDKError } from '@alter-ai/alter-sdk';
import { expect } from '@playwright/test';

type ErrorClass<E extends AlterSDKError> = abstract new (...args: never[]) => E;

/** Runs what must fail and gives its error, which must be of exactly this class, with a code and a message that help. */
export async function expectError<E extends AlterSDKError>(
  work: Promise<unknown>,
  expected: ErrorClass<E>,
  code: string,
): Promise<E> {
  const error = await work.then(
    (value) => value,
    (thrown: unknown) => thrown,
  );
  expect(error, `must fail with ${expected.name}`).toBeInstanceOf(AlterSDKError);
  if (!(error instanceof AlterSDKError)) throw new Error('unreachable');
  expect({ class: error.constructor.name, code: error.code, message: error.message }).toEqual({
    class: expected.name,
    code,
    message: expect.stringMatching(/\w+ \w+ \w+/),
  });
  expect(error.name).toBe(expected.name);
  return error as E;
}

/** An error that the vault answered: it names its request and a page that is there and is about its code. */
export async function expectDocumented(error: AlterSDKError): Promise<void> {
  expect(error.requestId).toMatch(/^[\w-]{8,}$/);
  expect(error.documentationUrl).toMatch(new RegExp(`/docs/errors/${error.code}$`));
  const response = await fetch(error.documentationUrl ?? '');
  expect(response.status).toBe(200);
  expect(await response.text()).toContain(error.code);
}
