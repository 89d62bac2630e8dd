import { parser } from '@prometheus-io/lezer-promql';
import type { SyntaxNode } from '@lezer/common';

export interface LabelMatcher {
  readonly label: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** What one vector selector of an expression asks for. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly LabelMatcher[];
}

export interface ParsedQuery {
  readonly selectors: readonly Selector[];
  /** of `by`, `on`, `group_left`, … */
  readonly groupingLabels: readonly string[];
}

/** @throws Error naming the place that is no PromQL */
export function parseQuery(expression: string): ParsedQuery {
  const selectors: Selector[] = [];
  const groupingLabels: string[] = [];
  const text = ({ from, to }: { readonly from: number; readonly to: number }) => expression.slice(from, to);
  parser.parse(expression).iterate({
    enter: (node) => {
      if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${expression}`);
      if (node.name === 'VectorSelector') selectors.push(selectorOf(node.node, text));
      if (node.name === 'LabelName' && node.node.parent?.name === 'GroupingLabels') groupingLabels.push(text(node));
    },
  });
  return { selectors, groupingLabels };
}

function selectorOf(node: SyntaxNode, text: (node: SyntaxNode) => string): Selector {
  const name = node.getChild('Identifier');
  if (name === null) throw new Error(`a selector without a metric's name: ${text(node)}`);
  const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
  return { metric: text(name), matchers: matchers.map((matcher) => matcherOf(matcher, text)) };
}

function matcherOf(node: SyntaxNode, text: (node: SyntaxNode) => string): LabelMatcher {
  const [label = '', operator = '', value = ''] = ['LabelName', 'MatchOp', 'StringLiteral'].map((child) => {
    const found = node.getChild(child);
    return found === null ? '' : text(found);
  });
  return { label, operator: operator as LabelMatcher['operator'], value: value.slice(1, -1) };
}

/** Whether a series is selected: anchored expressions, and a label that is not there is empty, as in Prometheus. */
export function selects({ matchers }: Selector, labels: Readonly<Record<string, string>>): boolean {
  return matchers.every(({ label, operator, value }) => {
    const actual = labels[label] ?? '';
    const isMatch = operator.endsWith('~') ? new RegExp(`^(?:${value})$`).test(actual) : actual === value;
    return operator.startsWith('!') ? !isMatch : isMatch;
  });
}
