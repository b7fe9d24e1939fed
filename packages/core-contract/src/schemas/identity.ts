import { z } from 'zod';

/** Body of `POST /sdk/auth/verify-token` (wire/2 §5.5). */
export const verifyTokenRequestSchema = z.strictObject({ token: z.string().min(1).max(8192) });
/** Answer of the verify call: the subject and nothing else. */
export const verifyTokenResponseSchema = z.object({ sub: z.string().min(1) });
