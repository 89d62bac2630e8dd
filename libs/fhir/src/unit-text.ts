/**
 * Units that laboratories and devices write in `Quantity.unit` without giving a UCUM code beside it.
 * Only spellings that mean one thing are listed; anything else stays not understood and is reported.
 */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['%', '%'], ['percent', '%'],
  ['cm', 'cm'], ['m', 'm'], ['mm', 'mm'], ['in', '[in_i]'], ['inch', '[in_i]'], ['inches', '[in_i]'], ['ft', '[ft_i]'],
  ['kg', 'kg'], ['g', 'g'], ['mg', 'mg'], ['lb', '[lb_av]'], ['lbs', '[lb_av]'], ['pounds', '[lb_av]'],
  ['kg/m2', 'kg/m2'], ['kg/m^2', 'kg/m2'], ['kg/m²', 'kg/m2'],
  ['mmhg', 'mm[Hg]'], ['mm hg', 'mm[Hg]'], ['mm[hg]', 'mm[Hg]'],
  ['bpm', '/min'], ['beats/min', '/min'], ['beats/minute', '/min'], ['breaths/min', '/min'], ['breaths/minute', '/min'], ['/min', '/min'],
  ['°c', 'Cel'], ['cel', 'Cel'], ['degc', 'Cel'], ['celsius', 'Cel'], ['°f', '[degF]'], ['degf', '[degF]'], ['fahrenheit', '[degF]'],
  ['mg/dl', 'mg/dL'], ['g/dl', 'g/dL'], ['g/l', 'g/L'], ['mg/l', 'mg/L'], ['ug/l', 'ug/L'], ['ng/ml', 'ng/mL'], ['pg/ml', 'pg/mL'],
  ['mmol/l', 'mmol/L'], ['umol/l', 'umol/L'], ['µmol/l', 'umol/L'], ['meq/l', 'meq/L'], ['mmol/mol', 'mmol/mol'],
  ['u/l', 'U/L'], ['iu/l', '[IU]/L'], ['miu/l', 'm[IU]/L'],
  ['10*3/ul', '10*3/uL'], ['10^3/ul', '10*3/uL'], ['k/ul', '10*3/uL'], ['10*9/l', '10*9/L'], ['10^9/l', '10*9/L'],
  ['10*6/ul', '10*6/uL'], ['10^6/ul', '10*6/uL'], ['10*12/l', '10*12/L'], ['10^12/l', '10*12/L'],
  ['fl', 'fL'], ['pg', 'pg'], ['s', 's'], ['sec', 's'], ['seconds', 's'],
]);

/** @returns the UCUM code, or undefined where the text could mean several things or nothing */
export function readUnitText(text: string): string | undefined {
  const trimmed = text.trim();
  // A single letter changes its meaning with its case: s is a second, S a siemens.
  return SPELLINGS.get(trimmed.length === 1 ? trimmed : trimmed.toLowerCase());
}
