export { isAllowedNetworkEntry } from './destination/allowed-networks.js';
export {
  checkDestination,
  type DestinationCheck,
  type EgressPolicy,
} from './destination/check-destination.js';
export { type HostPattern, parseHostPattern } from './destination/host-pattern.js';
export { type DestinationVerdict, prepareDestinationCheck } from './destination/prepared-check.js';
export type { ResolveHost } from './destination/resolve-host.js';
export {
  createEgress,
  type Egress,
  type EgressOptions,
  type EgressRequest,
  type EgressStream,
  type EgressStreamRequest,
} from './egress.js';
export { EgressError, type EgressErrorCode } from './egress-error.js';
export type { EgressResponse } from './egress-response.js';
export { isReservedHeader } from './transport/request-headers.js';
