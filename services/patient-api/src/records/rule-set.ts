import { readFile } from 'node:fs/promises';
import { isCodedError } from '@medveil/encoding';
import { parseRuleSet, RULE_SETS, type RuleSet } from '@medveil/fhir';
import { PatientApiError } from '../errors.js';
import type { PatientApiSettings } from '../settings.js';

/** The shipped rule set that the settings name, or the one of their file. @throws PatientApiError `patient-api/bad-rule-set` */
export async function loadRuleSet({ ruleSet, ruleSetFile }: Pick<PatientApiSettings, 'ruleSet' | 'ruleSetFile'>): Promise<RuleSet> {
  if (ruleSetFile === undefined) return RULE_SETS[ruleSet];
  try {
    return parseRuleSet(JSON.parse(await readFile(ruleSetFile, 'utf8')) as unknown);
  } catch (cause) {
    const why = isCodedError(cause) ? cause.message : cause instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new PatientApiError('patient-api/bad-rule-set', `ruleSetFile ${ruleSetFile}: ${why}`, { file: ruleSetFile }, { cause });
  }
}
