import { OpenError } from '@alter-ai/core-crypto';
import { z } from 'zod';
import type { Keyring } from '../../keys/keyring.js';
import { auditRegisterKey } from '../../storage/log/audit-chains.js';

/** What the register knows, sealed, so that the loss of any of it is noticed (A3). */
export interface RegisterFacts {
  /** Ids of all chains there have ever been. */
  readonly chains: readonly string[];
  /** Id of the key that signs checkpoints; null before the first. */
  readonly signingKeyId: string | null;
}

const contentSchema = z.union([
  // As it was before there were checkpoints.
  z.array(z.string()).transform((chains): RegisterFacts => ({ chains, signingKeyId: null })),
  z
    .strictObject({ chains: z.array(z.string()), signing_key: z.string().nullable() })
    .transform(({ chains, signing_key }): RegisterFacts => ({ chains, signingKeyId: signing_key })),
]);

/** The register with one more chain, sealed. Throws OpenError when the one that is there was tampered with. */
export function extendRegister(keyring: Keyring, sealed: Uint8Array | null, chainId: string): Buffer {
  const { chains, signingKeyId } =
    sealed === null ? { chains: [], signingKeyId: null } : openRegister(keyring, sealed);
  return sealRegister(keyring, { chains: [...chains, chainId], signingKeyId });
}

/** The register with the key that signs checkpoints from now on, sealed. Throws OpenError. */
export function nameSigningKey(keyring: Keyring, sealed: Uint8Array, signingKeyId: string): Buffer {
  return sealRegister(keyring, { chains: openRegister(keyring, sealed).chains, signingKeyId });
}

/** What the register says. Throws OpenError. */
export function openRegister(keyring: Keyring, sealed: Uint8Array): RegisterFacts {
  const content = contentSchema.safeParse(JSON.parse(keyring.openMeta(auditRegisterKey, sealed)));
  if (!content.success) throw new OpenError();
  return content.data;
}

function sealRegister(keyring: Keyring, { chains, signingKeyId }: RegisterFacts): Buffer {
  return keyring.sealMeta(auditRegisterKey, JSON.stringify({ chains, signing_key: signingKeyId }));
}
