/** The kernel's settings that the host plumbing may write: of IP, below /proc/sys/net, and no other. */

/** A directory of one device: `dev_valid_name()` of linux net/core/dev.c. */
const SETTING = /^\/proc\/sys\/net\/ipv[46]\/(?:(?:conf|neigh)\/(?!\.\.?\/)[^\s/:]{1,15}\/)?[a-z][a-z0-9_]*$/;

export function isSettingPath(path: string): boolean {
  return SETTING.test(path);
}
