import { RULE_SET_NAMES } from '@medveil/fhir';
import { PROVER_KINDS } from '@medveil/eligibility';
import { vaultSettings } from '@medveil/host';
import { commonSettings, secret } from '@medveil/service-kit';
import { enrolmentIdSchema } from '@medveil/identity';
import { z } from 'zod';

export const patientApiSettings = z.strictObject({
  ...commonSettings,
  /** the public description of the network (made at setup), which this agent pins */
  networkFile: z.string().min(1),
  pkgUrl: z.url(),
  contractUrl: z.url(),
  proxyUrl: z.url(),
  /** holds the seeds of the hospital and of its patients, and the key that seals records at rest; filled at first start */
  vault: vaultSettings,
  /** Ed25519 key whose tokens this service takes, base64url */
  operatorPublicKey: z.string().min(1),
  /** The hospital whose agent this is. */
  hospital: z.strictObject({
    enrolmentId: enrolmentIdSchema,
    /** the PKG's one-time token, base64url; needed until the hospital is enrolled */
    enrolmentToken: secret(z.string().min(1)).optional(),
  }),
  /** lines of one bulk import */
  maxImportLines: z.int().min(1).max(10_000_000).default(1_000_000),
  /** exchanges that standing rules of all patients together begin within an hour */
  standingExchangesPerHour: z.int().min(1).max(1_000_000).default(1_000),
  /** within which an exchange that a standing rule begins is put off by a random time: at once, and in the order of the patients, would show whose is whose */
  standingSpreadMs: z.int().min(0).max(86_400_000).default(3_600_000),
  /** how records are de-identified */
  ruleSet: z.enum(RULE_SET_NAMES).default('limited-data-set'),
  /** a rule set of your own instead (docs/fhir.md), JSON */
  ruleSetFile: z.string().min(1).optional(),
  /** a patient whom fewer than so many of this agent's patients look like is warned of */
  anonymityK: z.int().min(1).max(1_000).default(5),
  /** largest FHIR bundle that is taken in */
  maxBundleBytes: z.int().min(1_024).max(1 << 30).default(64 * 1024 * 1024),
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
  /** threads that proofs are made in, each of up to a gigabyte: as many proofs at a time, and one alone takes them all */
  proverWorkers: z.int().min(1).max(64).default(1),
  /** T-Certs that a patient is given at a time, and below how many unused ones the next batch is asked for */
  pseudonymBatch: z.int().min(2).max(256).default(8),
  pseudonymsLeft: z.int().min(1).max(128).default(3),
  /** where a delivery is due so soon and the proxy has not recorded it, the agent does it itself */
  deliverBeforeDeadlineMs: z.int().min(1_000).default(6 * 3_600_000),
  /**
   * Longest time between a payment and the request that turns it into vouchers, and between the order of a payout and the spending: drawn
   * from the last three quarters. The longer, the more payments of others lie in between (docs/vouchers.md).
   */
  voucherDelayMs: z.int().min(0).max(30 * 86_400_000).default(6 * 3_600_000),
  payoutDelayMs: z.int().min(0).max(30 * 86_400_000).default(6 * 3_600_000),
  /** how often policies of open requirements that are still missing are asked for (all of them at once) */
  policyPollMs: z.int().min(100).max(600_000).default(1_000),
});
export type PatientApiSettings = z.output<typeof patientApiSettings>;
