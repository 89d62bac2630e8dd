/**
 * The contract on a state in memory, at a time that the spec sets: the real rules, signatures and re-encryption proofs; proofs of eligibility under a
 * key whose trapdoor is known (`TestNetwork`).
 */
import { randomBytes } from 'node:crypto';
import { type Body, readNonce, type RequirementId } from '@medveil/agreements';
import { TestNetwork, type TestPatient, type TestRecord } from '@medveil/agreements/testing';
import { type SigningKeyPair, signingKeyFromSeed } from '@medveil/identity';
import { type LedgerEvent, REPLICA_SET_KEY, replicaSetValue, type StateMachine, WorkingState } from '@medveil/ledger';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const CHAIN = 'lone-contract';
const AUDITORS = 3;

export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

/** A claim that was accepted, with all that its patient has. */
export interface Claimed {
  readonly patient: TestPatient;
  readonly record: TestRecord;
  readonly claimId: `clm_${string}`;
}

export class LoneContract {
  readonly events: LedgerEvent[] = [];
  #height = 1;

  private constructor(
    readonly network: TestNetwork,
    readonly state: WorkingState,
    private readonly machine: StateMachine,
    private readonly time: { nowMs: number },
  ) {}

  static async open(): Promise<LoneContract> {
    const time = { nowMs: Date.UTC(2026, 5, 1, 12) };
    const network = await TestNetwork.create({
      chainId: CHAIN, clock: () => time.nowMs, random, replicaSet: [{ id: 'replica-0', publicKey: signingKeyFromSeed(random(32)).publicKey }], proxySealKey: random(32),
      vouchers: false, auditorSealKeys: Array.from({ length: AUDITORS }, () => random(32)),
    });
    const genesis = network.genesis();
    const state = WorkingState.from(genesis.entries);
    state.put(REPLICA_SET_KEY, replicaSetValue(genesis.document.replicaSet));
    return new LoneContract(network, state, network.machine(), time);
  }

  get nowMs(): number {
    return this.time.nowMs;
  }

  #context = () => ({ chainId: CHAIN, height: this.#height, timeMs: this.time.nowMs, proposer: 'replica-0' });

  /** The next block, so much later. */
  pass(ms: number): void {
    this.time.nowMs += ms;
    this.#height += 1;
    this.events.push(...this.machine.beginBlock(this.state, this.#context(), []));
  }

  /** @returns the code of the refusal, or `accepted` */
  execute(bytes: Uint8Array): string {
    const result = this.machine.execute(this.state, this.#context(), bytes);
    if (result.ok) this.events.push(...result.events);
    return result.ok ? 'accepted' : result.code;
  }

  /** The account's next transaction; the T-Cert goes along with the first. */
  sign(account: SigningKeyPair, body: Body, certificate: Uint8Array | null = null): Uint8Array {
    const nonce = readNonce(this.state, account.publicKey);
    return this.network.sign(account, nonce, body, nonce === 0 ? certificate : null);
  }

  send(account: SigningKeyPair, body: Body, certificate: Uint8Array | null = null): string {
    return this.execute(this.sign(account, body, certificate));
  }

  /** @throws Error with the code, where it is refused */
  accept(account: SigningKeyPair, body: Body, certificate: Uint8Array | null = null): void {
    const code = this.send(account, body, certificate);
    if (code !== 'accepted') throw new Error(`${body.type}: ${code}`);
  }

  /** A requirement with its escrow. */
  release(changes: Parameters<TestNetwork['requirement']>[0] = {}): { readonly requirementId: RequirementId; readonly policyHash: Uint8Array } {
    const { institution, treasury } = this.network;
    this.accept(treasury, this.network.mint(10_000));
    const { body, requirementId } = this.network.requirement(changes);
    this.accept(institution.account, body);
    return { requirementId, policyHash: body.terms.policyHash };
  }

  /** A fresh patient who registers and claims. */
  claim({ requirementId, policyHash }: { readonly requirementId: RequirementId; readonly policyHash: Uint8Array }): Claimed {
    const patient = this.network.patient();
    const record = this.network.record(patient, { 'vital-signs': random(32), laboratory: random(32) });
    this.accept(patient.account, record.body, patient.certificate);
    const { body, claimId } = this.network.claim(patient, 1, record, requirementId, policyHash);
    this.accept(patient.account, body);
    return { patient, record, claimId };
  }
}
