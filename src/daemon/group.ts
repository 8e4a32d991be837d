/** Groups of this host by name. */
import { readFileSync } from 'node:fs';
import { messageOf, UipvsError } from '../base/error.js';
import { OVERFLOW_ID } from '../control/credentials.js';

const GROUP_FILE = '/etc/group';
/** The number above it means none. Source: chown(2). */
const MAX_GROUP = 0xfffffffe;

/**
 * The number of the group that an option names; a number stands for itself. Only the file is asked, no directory
 * service: what is not in it has to be given by number. Throws UipvsError EINVAL naming option and group.
 */
export function groupNumber(option: string, text: string, file: string = GROUP_FILE): number {
  const group = /^\d+$/.test(text) ? Number(text) : numberIn(file, text);
  if (group === undefined || group > MAX_GROUP) {
    throw new UipvsError('EINVAL', `There is no group '${text}' for ${option}`);
  }
  if (group === OVERFLOW_ID) {
    throw new UipvsError(
      'EINVAL',
      `Group '${text}' for ${option} stands for all groups that the kernel does not know`,
    );
  }
  return group;
}

/** Source: group(5). */
function numberIn(file: string, name: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (thrown) {
    throw new UipvsError('EINVAL', `Group '${name}' cannot be looked up: ${messageOf(thrown)}`);
  }
  for (const line of text.split('\n')) {
    const [found, , number = ''] = line.split(':');
    if (found === name && /^\d+$/.test(number)) return Number(number);
  }
  return undefined;
}
