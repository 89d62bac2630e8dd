import { type BodyOf, issuersTable, stateKeys } from '@medveil/agreements';
import type { LedgerAccess } from '@medveil/client';
import { accreditationLeaf, bytesToField, chooseCircuit, IssuerTree, proveEligibility, type Prover } from '@medveil/eligibility';
import { bytesSchema, concatBytes, decodeCanonical, encodeCanonical, equalBytes, fromHex, toHex } from '@medveil/encoding';
import { z } from 'zod';
import type { AgentContext } from '../agent.js';
import { PatientApiError } from '../errors.js';
import type { KnownRequirement } from '../ledger/requirements.js';
import type { Enrolments } from '../parties/enrolments.js';
import { HOSPITAL } from '../tables.js';
import type { LoadedRecord } from '../records/records.js';
import type { HeldCircuit } from './circuits.js';
import type { Instance } from './instance.js';

/** What a claim states besides what the requirement and the record say. */
export type ProvedClaim = Pick<BodyOf<'submit-claim'>, 'claimNullifier' | 'domainNullifiers' | 'issuerRoot' | 'proof'>;

const fieldSchema = bytesSchema({ length: 32 });
const provedSchema = z.strictObject({
  claimNullifier: fieldSchema,
  domainNullifiers: z.array(fieldSchema).max(4),
  issuerRoot: fieldSchema,
  proof: bytesSchema({ length: 128 }),
});

export const encodeProved = ({ claimNullifier, domainNullifiers, issuerRoot, proof }: ProvedClaim): Uint8Array =>
  encodeCanonical({ claimNullifier, domainNullifiers, issuerRoot, proof });
export const decodeProved = (bytes: Uint8Array): ProvedClaim => provedSchema.parse(decodeCanonical(bytes));

/**
 * The circuit that the requirement names, where this agent has it with the same verification key and the record fits into it.
 * @throws PatientApiError `patient-api/circuit-not-held`, EligibilityError `eligibility/no-circuit-fits`
 */
export function circuitFor(held: readonly HeldCircuit[], { terms, policy }: KnownRequirement, record: LoadedRecord): HeldCircuit {
  const wantedHash = toHex(terms.verificationKeyHash);
  const found = held.find(({ circuit, verificationKeyHash }) => circuit.instance.name === terms.instance && verificationKeyHash === wantedHash);
  if (found === undefined || policy === null) {
    throw new PatientApiError('patient-api/circuit-not-held', 'this agent has no proving key for the circuit that the requirement names', { instance: terms.instance });
  }
  chooseCircuit([found.circuit], { record: record.tree, policy });
  return found;
}

/** Phase 6: the proof that the committed record satisfies the policy, bound to this pseudonym, requirement and chain. */
export class Proofs {
  constructor(
    private readonly context: AgentContext,
    private readonly prover: Prover,
    private readonly circuits: readonly HeldCircuit[],
    private readonly enrolments: Enrolments,
    private readonly ledger: LedgerAccess,
  ) {}

  async prove({ record, requirement, pseudonym, idSecret, r }: Instance, signal: AbortSignal): Promise<ProvedClaim> {
    const { circuit } = circuitFor(this.circuits, requirement, record);
    if (requirement.policy === null) throw new PatientApiError('patient-api/policy-not-held', 'the policy is not held');
    const { proof, statement } = await proveEligibility(this.prover, [circuit], {
      record: record.tree,
      attestation: record.attestation,
      idSecret,
      r,
      policy: requirement.policy,
      selfAttested: false,
      issuers: await this.#issuers(),
      requirementId: requirement.requirementId,
      domains: requirement.domains,
      pseudonym: pseudonym.key.publicKey,
      chainId: this.context.chainId,
    }, { signal });
    const { claimNullifier, domainNullifiers, issuerRoot } = statement;
    return { claimNullifier, domainNullifiers: [...domainNullifiers], issuerRoot, proof };
  }

  /** All leaves, so that nobody is told whose path is wanted; believed where their root is the one on the ledger. */
  async #issuers(): Promise<IssuerTree> {
    const pkg = await this.enrolments.client(await this.enrolments.enrolled(HOSPITAL));
    const { leaves } = await pkg.issuers();
    const tree = IssuerTree.of(leaves.map((leaf) => (leaf === null ? new Uint8Array(32) : leafOf(leaf))));
    const value = await this.ledger.readState(stateKeys.issuers());
    const root = value === undefined ? null : issuersTable.decode(value).root;
    if (root === null || !equalBytes(root, tree.root)) {
      throw new PatientApiError('patient-api/issuers-not-on-ledger', 'the tree of accredited issuers that the PKG serves is not the one on the ledger');
    }
    return tree;
  }
}

const leafOf = ({ ax, ay, s }: { readonly ax: string; readonly ay: string; readonly s: string }): Uint8Array =>
  accreditationLeaf(concatBytes(fromHex(ax), fromHex(ay)), bytesToField(fromHex(s)));
