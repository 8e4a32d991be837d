/** `uipvsd --cleanup`: takes away what a daemon that died has left, for those who do not start another. */
import { ControlServer } from '../control/server.js';
import { loadAddon } from '../engine/addon.js';
import { Engine } from '../engine/engine.js';
import { HostPlumbing } from '../host/host-plumbing.js';
import { DescriptorStore } from './descriptor-store.js';
import { HostChanges } from './host-sync.js';
import type { Logger } from './logger.js';
import type { DaemonOptions } from './options.js';
import { State } from './state.js';

/**
 * Undoes its changes on the host, its devices included, and forgets its connections and configuration.
 *
 * @throws UipvsError EBUSY where a daemon runs there; EPERM; EIO
 */
export async function cleanUp(options: DaemonOptions, log: Logger): Promise<void> {
  const { socketPath, device, routingTable: table, connections, stateDirectory } = options;
  await ControlServer.assertFree(socketPath);
  // Only its lock is used, and what it says of devices.
  const limits = { connections, services: 1, destinations: 1, workers: 1 };
  const addon = loadAddon();
  const engine = new Engine(addon, limits, new HostChanges());
  const store = new DescriptorStore(addon, process.env, process.pid, log);
  const state =
    stateDirectory === null ? null : State.open(engine, { stateDirectory, isFresh: true, store }, log);
  const host = await HostPlumbing.open({
    device,
    table,
    journalPath: `${socketPath}.host`,
    log: (level, sentence, fields) => log[level](fields ?? {}, sentence),
  });
  await host.removeDevices(state?.takeUnused() ?? []);
  await host.close();
  state?.forget();
}
