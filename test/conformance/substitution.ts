import { UipvsError } from '../../src/base/error.js';

/**
 * The function that does to a text what `sed -E EXPRESSION` does, for expressions `s/REGULAR EXPRESSION/TEXT/` with an
 * optional `g`: on every line, and `\1` in TEXT is the first group. Throws EINVAL for any other expression.
 */
export function substitution(expression: string): (text: string) => string {
  const match = /^s(.)((?:\\.|(?!\1).)*)\1((?:\\.|(?!\1).)*)\1(g?)$/.exec(expression);
  const [, , pattern, text, global] = match ?? [];
  if (pattern === undefined || text === undefined) {
    throw new UipvsError('EINVAL', `Expected s/REGULAR EXPRESSION/TEXT/ but received '${expression}'`);
  }
  const regularExpression = new RegExp(pattern, global);
  const replacement = text.replaceAll('$', '$$$$').replace(/\\(\d)/g, '$$$1');
  return (input) => {
    const lines = input.split('\n');
    return lines.map((line) => line.replace(regularExpression, replacement)).join('\n');
  };
}
