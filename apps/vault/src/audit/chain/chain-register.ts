import { OpenError } from '@alter-ai/core-crypto';
import type { Keyring } from '../../keys/keyring.js';
import { auditRegisterKey } from '../../storage/log/audit-chains.js';

/** The register with one more chain, sealed. Throws OpenError when the one that is there was tampered with. */
export function extendRegister(keyring: Keyring, sealed: Uint8Array | null, chainId: string): Buffer {
  const chains = sealed === null ? [] : openRegister(keyring, sealed);
  return keyring.sealMeta(auditRegisterKey, JSON.stringify([...chains, chainId]));
}

/** Ids of all chains there have ever been. Throws OpenError. */
export function openRegister(keyring: Keyring, sealed: Uint8Array): string[] {
  const chains: unknown = JSON.parse(keyring.openMeta(auditRegisterKey, sealed));
  if (!Array.isArray(chains) || !chains.every((id) => typeof id === 'string')) throw new OpenError();
  return chains;
}
