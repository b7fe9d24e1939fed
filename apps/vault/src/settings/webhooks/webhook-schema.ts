import { z } from 'zod';
import { isEventPattern } from '../../webhooks/message/event-message.js';
import { isWebhookSecret } from '../../webhooks/message/webhook-secret.js';
import { isWebAddress } from '../file/web-address.js';

const secret = z
  .string()
  .refine(isWebhookSecret, 'is no webhook secret: whsec_ and 24 to 64 bytes in base64 (Standard Webhooks)');

/** A webhook of an app: who hears of what (A7). */
export const webhookSchema = z.strictObject({
  name: z.string().trim().min(1).max(200),
  url: z
    .string()
    .max(2048)
    .refine(isWebAddress, 'must be an https address, or http on loopback')
    .refine((url) => !url.includes('#'), 'must have no fragment'),
  events: z
    .array(
      z
        .string()
        .max(64)
        .refine(isEventPattern, 'must be a kind of event (grant.revoked), a family (grant.*), or *'),
    )
    .min(1)
    .max(100),
  /** One secret, or the newest first while receivers change over. */
  secret: z.union([secret, z.array(secret).min(1).max(2)]).optional(),
});

/** One webhook of the file. */
export type WebhookEntry = z.output<typeof webhookSchema>;
