import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { vaultVersion } from './vault-version.js';

/** Who speaks, in every signal. Nothing is detected: names of machines and users are nobody's business. */
export function describeService(serviceName: string, processId: string): Resource {
  return resourceFromAttributes({
    'service.name': serviceName,
    'service.version': vaultVersion,
    'service.instance.id': processId,
  });
}
