import { PROVER_KINDS } from '@medveil/eligibility';
import { vaultSettings } from '@medveil/host';
import { commonSettings } from '@medveil/service-kit';
import { z } from 'zod';

const MIB = 1024 * 1024;

export const researchApiSettings = z.strictObject({
  ...commonSettings,
  /** the public description of the network (made at setup), which this agent pins */
  networkFile: z.string().min(1),
  pkgUrl: z.url(),
  contractUrl: z.url(),
  proxyUrl: z.url(),
  /** holds the institutions' seeds and the key that seals what was received at rest; filled by the agent itself */
  vault: vaultSettings,
  /** Ed25519 key whose tokens this service takes, base64url */
  operatorPublicKey: z.string().min(1),
  /**
   * One folder for each circuit instance, with `circuit.wasm`, `proving-key.zkey` and `verification-key.json`. Outside development
   * a key that was made without a ceremony is refused.
   */
  circuitFolders: z.array(z.string().min(1)).min(1).max(32),
  /** what makes proofs: this project's own prover, or snarkjs as the reference */
  prover: z.enum(PROVER_KINDS).default('wasm'),
  /**
   * Where set, a native prover instead: program and first arguments, of rapidsnark's command line. It needs Linux and /dev/shm on tmpfs,
   * where the witness goes into a file without a name.
   */
  nativeProver: z.tuple([z.string().min(1)], z.string()).optional(),
  /** threads that sample proofs are made in, each of up to a gigabyte: as many proofs at a time, and one alone takes them all */
  proverWorkers: z.int().min(1).max(64).default(1),
  /**
   * A requirement's circuit is made for parts of at least 5^(depth + 1) - 1 observations (3: 624), where an instance of the policy's size
   * has such a depth: a patient whose part is larger cannot claim.
   */
  partDepth: z.int().min(0).max(6).default(3),
  /** fronts of other members that evidence is brought to as well: one that drops it cannot make an institution lose a dispute */
  evidenceUrls: z.array(z.url()).max(16).default([]),
  /** institutions that this agent takes on */
  maxInstitutions: z.int().min(1).max(10_000).default(100),
  /** largest encrypted body that is fetched: stands in the terms of what is released, so that no claim with a larger one is accepted */
  maxBodyBytes: z.int().min(4_096).max(1_024 * MIB).default(128 * MIB),
  /** how often a body that is not to be had is asked for before the delivery counts as failed */
  bodyAttempts: z.int().min(1).max(100).default(10),
  /** first and longest wait before it is asked for again; doubling */
  bodyRetryMs: z.int().min(10).max(3_600_000).default(1_000),
  bodyRetryMaxMs: z.int().min(10).max(3_600_000).default(300_000),
  /** who may be told of events by HTTP: host names, `*.example.org` for all below one; none unless named. Private addresses and http for development only */
  webhooks: z.strictObject({
    hosts: z.array(z.string().regex(/^(?:\*\.)?[a-z0-9.:-]+$/)).max(100).default([]),
    privateAddresses: z.boolean().default(false),
  }).prefault({}),
  /** open a dispute, against the bond, where a delivery does not hold what was proved */
  disputeAutomatically: z.boolean().default(true),
});
export type ResearchApiSettings = z.output<typeof researchApiSettings>;
