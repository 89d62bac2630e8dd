/**
 * Purposes as GA4GH Data Use Ontology terms (DUO, release 2021-02-23). A licence lists what the data may be used for
 * (permissions) and what narrows that (modifiers); only the former need somebody's consent.
 */
const NO_RESTRICTION = 'DUO:0000004';
const HEALTH_RESEARCH = 'DUO:0000006';
const DISEASE_RESEARCH = 'DUO:0000007';
const ANCESTRY_RESEARCH = 'DUO:0000011';
const GENERAL_RESEARCH = 'DUO:0000042';

/** What else a permission allows, by the terms' own definitions. */
const INCLUDES: Readonly<Record<string, readonly string[]>> = {
  [NO_RESTRICTION]: [GENERAL_RESEARCH, HEALTH_RESEARCH, DISEASE_RESEARCH, ANCESTRY_RESEARCH],
  [GENERAL_RESEARCH]: [HEALTH_RESEARCH, DISEASE_RESEARCH, ANCESTRY_RESEARCH],
  [HEALTH_RESEARCH]: [DISEASE_RESEARCH],
};

/**
 * Modifiers that only narrow a use: research specific (12), no general methods (15), genetic studies only (16), not for profit
 * and non-commercial (18), publication (19), collaboration (20), ethics approval (21), geography (22), moratorium (24), time
 * limit (25), user (26), project (27), institution (28), return of results (29), no ancestry (44), not for profit (45),
 * non-commercial (46). Clinical care (43) allows something, and counts as a purpose.
 */
export const NARROWING_MODIFIERS = [12, 15, 16, 18, 19, 20, 21, 22, 24, 25, 26, 27, 28, 29, 44, 45, 46].map((number) => `DUO:${String(number).padStart(7, '0')}`);

const isNarrowing = (code: string): boolean => NARROWING_MODIFIERS.includes(code);

/** What a licence's codes allow; a term that this program does not know counts as a purpose of its own. */
export const purposesIn = (codes: readonly string[]): string[] => codes.filter((code) => !isNarrowing(code));

/** Whether consent to `allowed` is consent to `purpose`. */
export const allows = (allowed: string, purpose: string): boolean => allowed === purpose || INCLUDES[allowed]?.includes(purpose) === true;
