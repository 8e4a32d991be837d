/** Who is at the other end of a control socket, and whether he may use it. */
import type { Socket } from 'node:net';
import type { PeerCredentials } from '../engine/addon.js';

const ROOT = 0;
/**
 * What the kernel shows in place of every user and group that the daemon's user namespace does not know: whoever has it
 * could be anybody, so it gives no right. Source: Documentation/admin-guide/sysctl/kernel.rst, overflowuid, overflowgid.
 */
export const OVERFLOW_ID = 65534;

/** Reads those of a descriptor's peer; throws where it has none. */
export type CredentialsReader = (descriptor: number) => PeerCredentials;

/**
 * Null where they cannot be known: such a client must be refused.
 *
 * Node has no way to ask for the descriptor of a socket that it accepted but the property `fd` of its handle, which is
 * undocumented and has been there since Node 0.x. A version without it would serve nobody, rather than everybody.
 */
export function credentialsOf(socket: Socket, read: CredentialsReader): PeerCredentials | null {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: unknown } | null };
  const descriptor = handle?.fd;
  if (typeof descriptor !== 'number' || descriptor < 0) return null;
  try {
    return read(descriptor);
  } catch {
    return null;
  }
}

/** Whether he is root or the daemon's own user. */
export function isOwner(uid: number, ownUid: number): boolean {
  return uid === ROOT || (uid === ownUid && uid !== OVERFLOW_ID);
}

/**
 * Whether the socket's mode 0660 lets him use it: root, the daemon's own user and members of the socket's group. The
 * mode alone does not say it: it may have been changed.
 */
export function mayUse(
  { uid, gid, groups }: PeerCredentials,
  ownUid: number,
  socketGroup: () => number | null,
): boolean {
  if (isOwner(uid, ownUid)) return true;
  const group = socketGroup();
  if (group === null || group === OVERFLOW_ID) return false;
  return gid === group || groups.includes(group);
}
