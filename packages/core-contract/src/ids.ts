import { z } from 'zod';

/** A UUID in its canonical lower-case hyphenated form, as both published clients require (wire/1 §5.3). */
export const uuidSchema = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 'must be a lower-case UUID');

type Id<Name extends string> = string & { readonly __id?: Name };

/** Identifies one app (tenant). UUIDv7. */
export type AppId = Id<'app'>;
/** Identifies the right to use one connected account. UUIDv7; `grant_id` on the wire. */
export type GrantId = Id<'grant'>;
/** Identifies one stored credential. UUIDv7, never on the wire. */
export type CredentialId = Id<'credential'>;
/** Identifies one API key record. UUIDv7. */
export type ApiKeyId = Id<'api_key'>;
/** Identifies one user of one app. UUIDv7; `app_user_id` on the wire. */
export type UserId = Id<'user'>;
/** Identifies one connect session; the public handle of the connect page, worthless without its browser cookie. */
export type ConnectSessionId = Id<'connect_session'>;
/** Identifies one registered caller of an app. UUIDv7; `X-Alter-Actor-ID` on the wire. */
export type ActorId = Id<'actor'>;
/** Provider id: a catalogue id or one of the app's own, e.g. `google`, `acme`. */
export type ProviderId = string;

/** Provider ids and managed-secret slugs (wire/1 §5.2). */
export const providerIdSchema = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be a provider id');
