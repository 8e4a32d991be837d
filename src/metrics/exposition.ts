/**
 * The text format of Prometheus, for series too many to be objects.
 * Source: Prometheus, "Exposition formats", text-based format 0.0.4.
 */
export type MetricType = 'counter' | 'gauge' | 'histogram';

/** The two lines before the samples of a metric. */
export function metricHead(name: string, help: string, type: MetricType): string {
  const escaped = help.replace(/[\\\n]/g, (character) => (character === '\n' ? '\\n' : '\\\\'));
  return `# HELP ${name} ${escaped}\n# TYPE ${name} ${type}\n`;
}

/** A label value with backslash, double quote and line feed escaped. */
export function escapeLabelValue(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}

/** `name="value",other="value"`, in the order given. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabelValue(value)}"`)
    .join(',');
}

/** One line. `labels` as {@link labelText} gives them; empty for none. */
export function sample(name: string, labels: string, value: number): string {
  return labels === '' ? `${name} ${number(value)}\n` : `${name}{${labels}} ${number(value)}\n`;
}

/** As Go prints a floating-point number, so that the text is node_exporter's: 1e+06 and above with an exponent. */
function number(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value < 1e6) return String(value);
  const [mantissa = '', exponent = ''] = value.toExponential().split('e+');
  return `${mantissa}e+${exponent.padStart(2, '0')}`;
}
