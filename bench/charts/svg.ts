/** What the pictures have in common. */

export const INK = '#1f2328';
export const MUTED = '#59636e';
export const GRID = '#d8dee4';
export const FONT = `system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif`;

const OURS: Readonly<Record<string, string>> = {
  uipvs: '#0969da',
  'uipvs-reinject-tun': '#80bbf5',
  'uipvs-packet': '#033d8b',
};
const LINES: Readonly<Record<string, string>> = {
  ...OURS,
  nft: '#cf222e',
  haproxy: '#bc4c00',
  nginx: '#1a7f37',
  pen: '#8250df',
  node: '#bf3989',
  direct: '#8c959f',
};
const OTHERS = '#a9b4c0';

/** Of a bar: ours in blue, all others alike. */
export function barColor(peer: string): string {
  return OURS[peer] ?? OTHERS;
}

/** Of a line, where peers must be told apart by nothing else. */
export function lineColor(peer: string): string {
  return LINES[peer] ?? OTHERS;
}

export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** A picture of its own around `content`, on white, in user units that are pixels at natural size. */
export function picture(title: string, width: number, height: number, content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"
  font-family="${FONT}" font-size="13" fill="${INK}">
<title>${escapeXml(title)}</title>
<rect width="${width}" height="${height}" fill="#ffffff"/>
${content}
</svg>
`;
}
