import { ContractClient, HttpClient, ProxyClient, type TokenSource } from '@medveil/client';
import { assertionTokens } from '@medveil/host';
import type { AgentContext } from '../agent.js';
import type { Pseudonym, Pseudonyms } from '../parties/pseudonyms.js';
import { BoundedMap } from '../support/bounded-map.js';
import { HOSPITAL } from '../tables.js';

/** The names under which the services take assertions. */
const CONTRACT_AUDIENCE = 'contract';
const PROXY_AUDIENCE = 'proxy-cloud';
const KEPT_CLIENTS = 500;
/** What the hospital's own pseudonym is drawn for: it follows the ledger and nothing else. */
const READER = 'ledger-reader';

export interface PseudonymClients {
  readonly contract: ContractClient;
  readonly proxy: ProxyClient;
}

/**
 * The contract's front and the proxy under pseudonyms: whatever concerns one pseudonym is sent under that one's own
 * credential, and what concerns none is read under the hospital's.
 */
export class Connections {
  readonly #clients = new BoundedMap<string, PseudonymClients>(KEPT_CLIENTS);
  /** Blocks, state and policies, for everybody's sake. */
  readonly reader: ContractClient;

  constructor(
    private readonly context: AgentContext,
    private readonly pseudonyms: Pseudonyms,
  ) {
    this.reader = new ContractClient(new HttpClient({ baseUrl: context.settings.contractUrl, token: this.#readerTokens() }));
  }

  /**
   * A T-Cert that has ended opens no door, but its account may still have credits to take out: its transactions, which are public,
   * are then handed in under the hospital's pseudonym.
   */
  as(pseudonym: Pseudonym): PseudonymClients {
    const own = this.#own(pseudonym);
    return pseudonym.notAfterMs > this.context.clock() ? own : { ...own, contract: this.reader };
  }

  #own(pseudonym: Pseudonym): PseudonymClients {
    const known = this.#clients.get(pseudonym.account);
    if (known !== undefined) return known;
    const { contractUrl, proxyUrl } = this.context.settings;
    const clients = {
      contract: new ContractClient(new HttpClient({ baseUrl: contractUrl, token: this.#tokens(contractUrl, CONTRACT_AUDIENCE, pseudonym) })),
      proxy: new ProxyClient(new HttpClient({ baseUrl: proxyUrl, token: this.#tokens(proxyUrl, PROXY_AUDIENCE, pseudonym) })),
    };
    this.#clients.set(pseudonym.account, clients);
    return clients;
  }

  #tokens(baseUrl: string, audience: string, { key, certificate, account }: Pseudonym): TokenSource {
    const { clock, random } = this.context;
    return assertionTokens(baseUrl, audience, { key, credential: { kind: 'pseudonym', certificate }, subject: account }, { clock, random });
  }

  /** The hospital's pseudonym is replaced before it ends. */
  #readerTokens(): TokenSource {
    let held: { readonly account: string; readonly source: TokenSource } | undefined;
    return async (options) => {
      const pseudonym = await this.pseudonyms.standing(HOSPITAL, READER);
      if (held?.account !== pseudonym.account) {
        held = { account: pseudonym.account, source: this.#tokens(this.context.settings.contractUrl, CONTRACT_AUDIENCE, pseudonym) };
      }
      return held.source(options);
    };
  }
}
