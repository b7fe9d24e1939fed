import {
  type ConnectStatusResponse,
  connectStatusRequestSchema,
  postedGrantSchema,
} from '@alter-ai/core-contract';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AlterConnect } from '../src/index.js';
import { grant, Scene, token } from './browser.js';

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.end());

it('speaks the status endpoint of the contract, both ways', async () => {
  const body: ConnectStatusResponse = { status: 'completed', grants: [postedGrantSchema.parse(grant)] };
  scene.answers = [body];
  const onSuccess = vi.fn();
  void AlterConnect.create().open({ token, onSuccess });
  await scene.pass(100);
  expect(connectStatusRequestSchema.safeParse(scene.requests[0]?.body).success).toBe(true);
  expect(onSuccess.mock.calls[0]?.[0]).toMatchObject(body.grants ?? []);
});
