/** What changes while a server runs. */
export interface ServerState {
  /** True from the moment the server was asked to stop: readiness is false, accepted requests finish (F3). */
  isStopping: boolean;
}
