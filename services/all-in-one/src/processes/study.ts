/** What the specs on processes exchange: one study, an institution that asks for it, patients who meet it. */
import assert from 'node:assert/strict';
import { createContract } from '@medveil/agreements';
import type { patientApi, researchApi } from '@medveil/client';
import { EXAMPLE_STUDIES } from '@medveil/fhir';
import { loadVerifiers } from '@medveil/host';
import { loadGenesis, verifyChain } from '@medveil/ledger';
import { syntheticBundles } from '../demo/bundles.js';
import type { Clients } from '../demo/clients.js';
import { Narrator } from '../demo/narrator.js';
import { DAY_MS, enrolInstitutions, importPatients, matchAll, type OpenRequirement, type Participant, releaseRequirements } from '../demo/scenario.js';
import { replicasAgree, verifyDelivery } from '../demo/verify.js';
import { type Chain, ofType, only, readChain } from '../testing/chain.js';
import { REPLICAS, type ReplicaName } from './names.js';
import { eventually } from './patience.js';
import type { ProcessNetwork } from './process-network.js';

const study = only(EXAMPLE_STUDIES.filter(({ id }) => id === 'diabetes-hba1c'));
/** Of the synthetic patients this and every eighth after it meet the study (libs/fhir/src/generator/phenotypes.ts). */
const FIRST_MATCHING = 1;
const EVERY = 8;
export const REWARD = 120;
/** Of both institutions together. */
export const DEPOSITS = 200_000;

export const quiet = new Narrator(() => undefined);

export interface Scene {
  readonly institutions: readonly researchApi.Institution[];
  readonly requirement: OpenRequirement;
  readonly participants: readonly Participant[];
}

/** Institutions enrol, one of them releases a requirement, `patients` patients who meet it are taken in. */
export async function setScene(clients: Clients, patients: number): Promise<Scene> {
  const institutions = await enrolInstitutions(clients, quiet);
  const planned = { institution: 0, study, kind: 'non-exclusive', reward: REWARD, purpose: 'a test' } as const;
  const requirement = only(await releaseRequirements(clients, institutions, [planned], { quantity: 100, lifetimeMs: DAY_MS }, quiet));
  const bundles = syntheticBundles(EVERY * patients, Date.now()).filter((_, index) => index % EVERY === FIRST_MATCHING);
  const participants = await importPatients(clients, bundles, quiet);
  assert.equal(participants.length, patients);
  await matchAll(clients, participants, [requirement]);
  return { institutions, requirement, participants };
}

const WAIT_MS = 1_000;

/** An exchange under way, seen by a client that tries again. */
export class BegunExchange {
  private constructor(
    private readonly clients: Clients,
    private readonly scene: Scene,
    private readonly participant: Participant,
    private readonly exchangeId: string,
  ) {}

  /** Begun once, however often that has to be asked for. */
  static async begin(clients: Clients, scene: Scene, participant: Participant): Promise<BegunExchange> {
    const { patientId, recordId } = participant;
    const order = { requirementId: scene.requirement.requirementId, recordId, acknowledgeConflicts: false };
    const { exchangeId } = await eventually('an exchange begun', () => clients.patient.startExchange(patientId, order, `exchange-${patientId}`));
    return new BegunExchange(clients, scene, participant, exchangeId);
  }

  /** Resolves once it is in a phase, or has ended. */
  async reached(phase: patientApi.ExchangePhase): Promise<void> {
    await this.#when(`an exchange ${phase}`, ({ phases, nextStep }) => phase in phases || nextStep === null);
  }

  /** As it is at its end. */
  ended(): Promise<patientApi.Exchange> {
    return this.#when('the end of an exchange', ({ nextStep }) => nextStep === null);
  }

  /** It ends settled, checked by the institution, and the patient has what it paid. */
  async settled(): Promise<void> {
    const { clients, participant } = this;
    const ended = await this.ended();
    assert.deepEqual([ended.phase, ended.code], ['settled', null]);
    assert.ok(await eventually('the delivery', () => verifyDelivery(clients, { participant, requirement: this.scene.requirement, exchange: ended }, quiet)));
    assert.equal((await eventually('the earnings', () => clients.patient.earnings(participant.patientId))).credits, ended.paid);
  }

  async #when(what: string, wanted: (exchange: patientApi.Exchange) => boolean): Promise<patientApi.Exchange> {
    return eventually(what, () => this.clients.patient.exchange(this.exchangeId, WAIT_MS), wanted);
  }
}

/** Begins the exchanges of a scene's patients, one after the other. */
export class Exchanges {
  #begun = 0;

  constructor(
    private readonly clients: Clients,
    private readonly scene: Scene,
  ) {}

  get begun(): number {
    return this.#begun;
  }

  async begin(): Promise<BegunExchange> {
    const participant = this.scene.participants[this.#begun];
    if (participant === undefined) throw new Error(`there are ${this.scene.participants.length} patients only`);
    this.#begun += 1;
    return BegunExchange.begin(this.clients, this.scene, participant);
  }
}

/** The replica that most of those that run name as the one that leads. */
export async function leader(network: ProcessNetwork): Promise<ReplicaName> {
  const { nodes } = await network.clients();
  const named = await Promise.all(REPLICAS.map(async (name, index) => (network.isRunning(name) ? nodes[index]?.status().then(({ primary }) => primary, () => undefined) : undefined)));
  const votes = (candidate: ReplicaName): number => named.filter((name) => name === candidate).length;
  return REPLICAS.toSorted((a, b) => votes(b) - votes(a))[0] ?? 'replica-0';
}

/**
 * What must hold whatever happened: replicas agree, no credit was made or lost, every claim was paid at most once; and whoever executes
 * the chain again from the network's description comes to the same state.
 */
export async function assertLedgerHolds(network: ProcessNetwork, deposited = DEPOSITS): Promise<Chain> {
  const clients = await network.clients();
  const agreed = await replicasAgree(clients);
  assert.ok(agreed.agree && agreed.conserved, JSON.stringify(agreed));
  const totals = await clients.contract.totals();
  assert.deepEqual([totals.conserved, totals.minted], [true, deposited]);
  const chain = await readChain(clients.contract);
  const accepted = chain.entries.filter(({ receipt }) => receipt.ok);
  const claims = ofType(accepted, 'submit-claim').map(({ id }) => id);
  assert.equal(new Set(claims).size, claims.length);
  const settled = accepted.flatMap(({ receipt }) => receipt.events).filter(({ type }) => type === 'settled').map(({ data }) => (data as { claimId: string }).claimId);
  assert.equal(new Set(settled).size, settled.length);
  const verdict = await verifyChain(chain.blocks, loadGenesis(chain.genesis), createContract({ verifiers: await loadVerifiers(await network.description(), 'development') }));
  assert.ok(verdict.ok, JSON.stringify(verdict));
  return chain;
}
