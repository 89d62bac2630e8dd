import { ensureSecret } from '@medveil/host';
import { derivePatientKeys, type PatientKeys } from '@medveil/identity';
import type { AgentContext } from '../agent.js';
import { BoundedMap } from '../support/bounded-map.js';
import { HOSPITAL, type PartyId } from '../tables.js';

const KEPT = 1_000;

const seedName = (partyId: PartyId): string => (partyId === HOSPITAL ? 'hospital/seed' : `patients/${partyId}/seed`);

/** The keys of the hospital and its patients: each derives from one seed in the vault. */
export class Keyring {
  readonly #known = new BoundedMap<PartyId, PatientKeys>(KEPT);

  constructor(private readonly context: Pick<AgentContext, 'vault' | 'random'>) {}

  /** Draws a seed for a party that has none. */
  async create(partyId: PartyId): Promise<PatientKeys> {
    const keys = derivePatientKeys(await ensureSecret(this.context.vault, seedName(partyId), this.context.random));
    this.#known.set(partyId, keys);
    return keys;
  }

  /** @throws IdentityError `identity/secret-not-found` */
  async of(partyId: PartyId): Promise<PatientKeys> {
    const known = this.#known.get(partyId);
    if (known !== undefined) return known;
    const keys = derivePatientKeys(await this.context.vault.get(seedName(partyId)));
    this.#known.set(partyId, keys);
    return keys;
  }
}
