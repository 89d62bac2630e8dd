/**
 * Limits that are part of the format: every replica and every light client refuses what exceeds them,
 * so they change only with the version of the block.
 */
export const LEDGER_LIMITS = {
  transactionBytes: 128 * 1024,
  transactionsPerBlock: 4_096,
  /** Sum of the transactions' lengths. */
  blockBytes: 4 * 1024 * 1024,
  stateKeyLength: 256,
  stateValueBytes: 256 * 1024,
  receiptBytes: 256 * 1024,
  eventsPerReceipt: 1_024,
  genesisBytes: 16 * 1024 * 1024,
  replicas: 64,
  nameLength: 64,
  reasonLength: 256,
} as const;
