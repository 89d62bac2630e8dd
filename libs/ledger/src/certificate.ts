import { bytesSchema, DIGEST_BYTES, equalBytes } from '@medveil/encoding';
import { type CommitCertificate, verifyCommitCertificate } from '@medveil/pbft';
import { z } from 'zod';
import { type BlockHeader, headerHash } from './block.js';
import { LedgerError } from './errors.js';
import { LEDGER_LIMITS } from './limits.js';
import type { ReplicaSet } from './replica-set.js';

export const certificateSchema: z.ZodType<CommitCertificate> = z.strictObject({
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

/**
 * Whether a quorum of `replicaSet` committed exactly this header at its height.
 * @throws LedgerError `ledger/bad-certificate`
 */
export function requireCertified(header: BlockHeader, certificate: CommitCertificate, replicaSet: ReplicaSet): void {
  const problem = certificateProblem(header, certificate, replicaSet);
  if (problem !== null) throw new LedgerError('ledger/bad-certificate', problem, { height: header.height });
}

function certificateProblem(header: BlockHeader, certificate: CommitCertificate, replicaSet: ReplicaSet): string | null {
  if (certificate.sequence !== header.height) return 'the certificate is for another height';
  if (!equalBytes(certificate.digest, headerHash(header))) return 'the certificate is for another header';
  const publicKeys = replicaSet.map((replica) => replica.publicKey);
  if (!verifyCommitCertificate(certificate, { publicKeys }, header.chainId)) {
    return 'no quorum of the replica set signed this header';
  }
  return null;
}
