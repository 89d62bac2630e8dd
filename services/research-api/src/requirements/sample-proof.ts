/** π′: the institution's proof, on a sample of its own, that the policy can be met (docs/scheme.md, section 7). */
import type { BodyOf, Terms } from '@medveil/agreements';
import {
  accreditationLeaf, attest, type CompiledPolicy, issuerKeyFromSeed, IssuerTree, proveEligibility, type Prover, randomField, sampleRequirementId, subjectOf,
} from '@medveil/eligibility';
import type { Id, RandomBytes } from '@medveil/encoding';
import type { CircuitFolder } from '@medveil/host';
import { satisfyingSample } from '../sample/satisfying-sample.js';

export interface SampleToProve {
  readonly chainId: string;
  /** public key of the institution's account */
  readonly pseudonym: Uint8Array;
  readonly requirementId: Id<'req'>;
  readonly terms: Terms;
  readonly policy: CompiledPolicy;
  /** derived from the parts by the ledger's registry */
  readonly domains: readonly string[];
}

/** Everything but the statement is drawn for this one proof and forgotten: the sample, its person, its issuer. */
export async function proveSample(
  prover: Prover,
  circuit: CircuitFolder,
  { chainId, pseudonym, requirementId, terms, policy, domains }: SampleToProve,
  options: { readonly nowMs: number; readonly random: RandomBytes; readonly signal: AbortSignal },
): Promise<BodyOf<'release-requirement'>> {
  const { nowMs, random, signal } = options;
  const { record, timeDay } = satisfyingSample(policy, { nowMs, recordSecret: random(32) });
  const idSecret = randomField(random);
  const issuer = issuerKeyFromSeed(random(32));
  const inputs = {
    record,
    attestation: attest(issuer, { partsRoot: record.partsRoot, timeDay, subject: subjectOf(idSecret) }),
    idSecret,
    r: randomField(random),
    policy,
    selfAttested: false,
    issuers: IssuerTree.of([accreditationLeaf(issuer.publicKey)]),
    requirementId: sampleRequirementId(requirementId),
    domains,
    pseudonym,
    chainId,
  };
  const { proof, statement } = await proveEligibility(prover, [await circuit.load()], inputs, { signal });
  const { h, claimNullifier, domainNullifiers, issuerRoot } = statement;
  return { type: 'release-requirement', terms, sample: { record: h, claimNullifier, domainNullifiers: [...domainNullifiers], issuerRoot, proof } };
}
