import { bytesSchema, DIGEST_BYTES, equalBytes } from '@medveil/encoding';
import { type CommitCertificate, verifyCommitCertificate } from '@medveil/pbft';
import { z } from 'zod';
import { type BlockHeader, headerHash } from './block.js';
import { LedgerError } from './errors.js';
import { LEDGER_LIMITS } from './limits.js';
import type { ReplicaSet } from './replica-set.js';

export const certificateSchema: z.ZodType<CommitCertificate> = z.strictObject({
  epoch: z.int().min(1),
  view: z.int().min(0),
  sequence: z.int().min(0),
  digest: bytesSchema({ length: DIGEST_BYTES }),
  signatures: z
    .array(
      z.strictObject({
        replica: z.int().min(0).max(LEDGER_LIMITS.replicas - 1),
        signature: bytesSchema({ length: 64 }),
      }),
    )
    .max(LEDGER_LIMITS.replicas),
});

/** Who certifies a run of heights. */
export interface Certifiers {
  /** The first of these heights: the votes name it. */
  readonly epoch: number;
  readonly replicaSet: ReplicaSet;
}

/**
 * Whether a quorum of the certifiers of its height committed exactly this header.
 * @throws LedgerError `ledger/bad-certificate`
 */
export function requireCertified(header: BlockHeader, certificate: CommitCertificate, certifiers: Certifiers): void {
  const problem = certificateProblem(header, certificate, certifiers);
  if (problem !== null) throw new LedgerError('ledger/bad-certificate', problem, { height: header.height });
}

function certificateProblem(header: BlockHeader, certificate: CommitCertificate, { epoch, replicaSet }: Certifiers): string | null {
  if (certificate.epoch !== epoch) return 'the certificate is of another configuration';
  if (certificate.sequence !== header.height) return 'the certificate is for another height';
  if (!equalBytes(certificate.digest, headerHash(header))) return 'the certificate is for another header';
  const publicKeys = replicaSet.map((replica) => replica.publicKey);
  if (!verifyCommitCertificate(certificate, { publicKeys }, header.chainId)) {
    return 'no quorum of the replica set signed this header';
  }
  return null;
}
