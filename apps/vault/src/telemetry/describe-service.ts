import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';

/** Version of the program; the packages of this repository have one in common. */
export const vaultVersion = '0.1.0';

/** Who speaks, in every signal. Nothing is detected: names of machines and users are nobody's business. */
export function describeService(serviceName: string, processId: string): Resource {
  return resourceFromAttributes({
    'service.name': serviceName,
    'service.version': vaultVersion,
    'service.instance.id': processId,
  });
}
