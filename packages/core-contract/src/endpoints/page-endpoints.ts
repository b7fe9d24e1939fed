import { z } from 'zod';
import { auditKeysResponseSchema } from '../audit/audit-receipt.js';
import {
  connectViewSchema,
  pageAuthorizeRequestSchema,
  pageAuthorizeResponseSchema,
  pageEnterKeyRequestSchema,
  pageHandleRequestSchema,
  pageOpenRequestSchema,
  pageResolveMismatchRequestSchema,
  pageUseExistingRequestSchema,
} from '../schemas/connect-page.js';
import { connectStatusRequestSchema, connectStatusResponseSchema } from '../schemas/connect-session.js';
import { defineEndpoint } from './endpoint.js';

const page = <Request extends z.ZodType>(name: string, summary: string, request: Request) =>
  defineEndpoint({
    name: `page${name[0]?.toUpperCase() ?? ''}${name.slice(1).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())}`,
    method: 'POST',
    path: `/sdk/oauth/connect/page/${name}`,
    access: 'page',
    summary,
    request,
    response: connectViewSchema,
    errors: ['session_not_found', 'session_not_open', 'forbidden'],
  });

/** Endpoints of the hosted connect page and of the browser library. */
export const pageEndpoints = {
  connectStatus: defineEndpoint({
    name: 'connectStatus',
    method: 'POST',
    path: '/sdk/oauth/connect/status',
    access: 'session',
    summary: 'Tells the page that opened the popup how the session stands; waits up to 25 s for a change.',
    request: connectStatusRequestSchema,
    response: connectStatusResponseSchema,
    errors: ['forbidden'],
  }),
  pageOpen: page('open', 'Opens a connect session in this browser.', pageOpenRequestSchema),
  pageAuthorize: defineEndpoint({
    name: 'pageAuthorize',
    method: 'POST',
    path: '/sdk/oauth/connect/page/authorize',
    access: 'page',
    summary: "Starts an authorization and answers the address of the provider's page.",
    request: pageAuthorizeRequestSchema,
    response: pageAuthorizeResponseSchema,
    errors: [
      'session_not_found',
      'session_not_open',
      'forbidden',
      'provider_not_configured',
      'invalid_grant_policy',
    ],
  }),
  pageEnterKey: defineEndpoint({
    name: 'pageEnterKey',
    method: 'POST',
    path: '/sdk/oauth/connect/page/enter-key',
    access: 'page',
    summary: 'Stores the key that the user typed, as a new grant or in place of the old key.',
    request: pageEnterKeyRequestSchema,
    response: connectViewSchema,
    errors: [
      'session_not_found',
      'session_not_open',
      'forbidden',
      'secret_not_found',
      'grant_not_found',
      'sibling_label_conflict',
      'invalid_grant_policy',
    ],
  }),
  pageUseExisting: page(
    'use-existing',
    'Finishes with an account that is connected already.',
    pageUseExistingRequestSchema,
  ),
  pageResolveMismatch: page(
    'resolve-mismatch',
    'Decides what happens after another account than the expected one was signed in.',
    pageResolveMismatchRequestSchema,
  ),
  pageFinish: page(
    'finish',
    'Finishes the session with the accounts connected so far.',
    pageHandleRequestSchema,
  ),
  pageCancel: page('cancel', 'Ends the session on the wish of its user.', pageHandleRequestSchema),
} as const;

/** Endpoints about the server itself. */
export const serverEndpoints = {
  health: defineEndpoint({
    name: 'health',
    method: 'GET',
    path: '/healthz',
    access: 'public',
    summary: 'Answers while the process lives.',
    request: null,
    response: z.object({ status: z.literal('ok') }),
  }),
  readiness: defineEndpoint({
    name: 'readiness',
    method: 'GET',
    path: '/readyz',
    access: 'public',
    summary: 'Answers 200 while database and keys are usable and the server is not stopping.',
    request: null,
    response: z.object({ status: z.literal('ready') }),
  }),
  auditKeys: defineEndpoint({
    name: 'auditKeys',
    method: 'GET',
    path: '/audit/keys',
    access: 'public',
    summary: 'The public key that checkpoints of the audit log are signed with, as a JWK set.',
    request: null,
    response: auditKeysResponseSchema,
  }),
} as const;
