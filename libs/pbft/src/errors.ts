/** What this library throws. Bad messages from peers are never thrown: see `MessageFault`. */
export type PbftErrorCode =
  | 'pbft/bad-config'
  | 'pbft/bad-replica-set'
  | 'pbft/bad-log'
  | 'pbft/bad-input'
  | 'pbft/bad-encoding';
