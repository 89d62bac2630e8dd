import { type DocumentedValue, documentedValues } from './documented-values.js';

const BEGIN = '<!-- values: made from values.yaml by `npm run chart:readme` -->';
const END = '<!-- end of values -->';

/** The README with its table of values made anew; what stands around it stays. @throws Error where the marks are missing */
export function renderReadme(readme: string, values: string): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`README.md lacks "${BEGIN}" … "${END}"`);
  return `${readme.slice(0, begin + BEGIN.length)}\n\n${tables(documentedValues(values))}\n\n${readme.slice(end)}`;
}

const isTop = ({ path }: DocumentedValue): boolean => !path.includes('.');

/** A section for each value at the top that has others below it; the rest in one table before them. */
function tables(values: readonly DocumentedValue[]): string {
  const single = values.filter((value) => isTop(value) && value.value !== null);
  const sections = values.filter((value) => isTop(value) && value.value === null).map((top) => {
    const below = values.filter(({ path }) => path.startsWith(`${top.path}.`));
    return `### ${top.path}\n\n${top.text}\n\n${table(below)}`;
  });
  return [`### General\n\n${table(single)}`, ...sections].join('\n\n');
}

const table = (values: readonly DocumentedValue[]): string => ['| value | default | |', '|---|---|---|', ...values.map(row)].join('\n');

const row = ({ path, value, text }: DocumentedValue): string => `| \`${path}\` | ${value === null ? '' : `\`${cell(value)}\``} | ${cell(text)} |`;

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`);
