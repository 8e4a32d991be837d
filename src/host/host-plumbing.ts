/**
 * Theory of operation: what the daemon changes on the host so that packets come to its TUN device and leave again.
 *
 * README.md here has the picture: the rules and routes in the order in which the kernel looks, why each is as it is, what it
 * costs and what differs from the kernel.
 *
 * Kernel IPVS hangs on netfilter hooks and sees every packet; here routing decides which packets we see. The rules
 * stand before the local table because a client on the director itself gets its replies at a local address. Of a
 * local VIP only the services' ports are taken, so ssh to the host does not notice us, and what shows no port: fragments. What
 * of these is the host's is handed back.
 *
 * Bookkeeping. Every rule, route and proxy entry carries our owner number, so the kernel itself is the list of what is to be
 * undone; the journal holds what the kernel does not know, old settings above all, each written down before it is
 * changed. Undo after a crash and on exit is the same code (undo.ts).
 */
import { UipvsError } from '../base/error.js';
import type { Family } from '../net/family.js';
import { Capture } from './capture.js';
import type { HostContext } from './context.js';
import type { EntryKind, RealServer, VirtualAddress, VirtualService } from './entry.js';
import { type Change, FamilyPlumbing } from './family-plumbing.js';
import { checkMark, type FirewallMark, type FirewallMarkDevice, FirewallMarks } from './firewall-mark.js';
import { checkCaptureDevices, checkOptions, type HostOptions } from './host-options.js';
import { devicesOf } from './journal.js';
import { attachLink, openJournal } from './opening.js';
import type { PortRange } from './port-range.js';
import { RequestQueue, type Subject } from './request-queue.js';
import { reservePortRange } from './reserved-ports.js';
import { type HostSystem, realSystem } from './system.js';
import { undoAll } from './undo.js';

/** The host's part of one daemon. All calls may be made at once; they are carried out in order. */
export class HostPlumbing {
  /** Whether what a dead daemon left is ours now. */
  readonly hasAdopted: boolean;
  readonly #context: HostContext;
  readonly #families: Readonly<Record<Family, FamilyPlumbing>>;
  readonly #queue: RequestQueue;
  readonly #marks: FirewallMarks;
  readonly #capture: Capture;
  #tail: Promise<unknown> = Promise.resolve();
  #isAttached = false;
  #addresses: string | undefined;
  #isClosed = false;
  #isUndone = false;

  private constructor(context: HostContext, hasAdopted: boolean) {
    this.#context = context;
    this.hasAdopted = hasAdopted;
    this.#capture = new Capture(context);
    this.#families = {
      4: new FamilyPlumbing(4, context, this.#capture),
      6: new FamilyPlumbing(6, context, this.#capture),
    };
    this.#queue = new RequestQueue(this.#families, (task) =>
      this.#inOrder(async () => {
        this.#refuseIfUnattached();
        await task();
      }),
    );
    this.#marks = new FirewallMarks(context, this.#families, this.#capture);
  }

  /**
   * Undoes what a dead daemon left, or adopts it, then starts a journal or goes on with its. Changes nothing else.
   * Errors: EBUSY when the journal's daemon is alive; EEXIST when the table is in use; EINVAL; ENOENT without `ip`.
   */
  static async open(options: HostOptions, system: HostSystem = realSystem()): Promise<HostPlumbing> {
    checkOptions(options);
    const { device, table, log } = options;
    const {
      onVipLocation = () => {},
      onRoute = () => {},
      onCapture = () => {},
      onCapturedNetworks = () => {},
      announce = () => {},
      answersOnLan = true,
      capturedProtocols = ['tcp', 'udp'],
    } = options;
    const { withLock, journal, hasAdopted } = await openJournal(options, system);
    const callbacks = { onVipLocation, onRoute, onCapture, onCapturedNetworks, announce, answersOnLan };
    const context = { system, journal, log, device, table, capturedProtocols, ...callbacks, withLock };
    return new HostPlumbing(context, hasAdopted);
  }

  /**
   * Makes the TUN device ready: settings, MTU, queue, up. To be called before the first service.
   * `mtuBytes` is by default the largest of the host's other devices, at least 1500: no packet the host can receive is
   * too big for it.
   * Errors: ENOENT, EINVAL when there is no such TUN device or the MTU is refused.
   */
  attachDevice(mtuBytes?: number): Promise<void> {
    return this.#inOrder(async () => {
      this.#refuseIfClosed();
      await attachLink(this.#context, mtuBytes, this.hasAdopted);
      if (this.hasAdopted) for (const family of [4, 6] as const) await this.#families[family].inherit();
      this.#isAttached = true;
    });
  }

  /**
   * Leads the service's packets to the device; adding one that is there already changes its further ports, if others
   * are given, and nothing else.
   * Errors: EEXIST when another route or daemon has the VIP, and nothing is changed; EINVAL; EPERM; EIO.
   */
  addVirtualService(service: VirtualService | VirtualAddress): Promise<void> {
    return this.#request('add', 'virtual address', service);
  }

  /** Takes the service away; one that is not there does nothing. */
  removeVirtualService(service: VirtualService): Promise<void> {
    return this.#request('remove', 'virtual address', service);
  }

  /** Those of the virtual addresses that another host has: it answers for them, or they were here and have gone. */
  heldElsewhere(addresses: readonly string[]): ReadonlySet<string> {
    return new Set(([4, 6] as const).flatMap((family) => this.#families[family].heldElsewhere(addresses)));
  }

  /**
   * Leads the real server's replies to the device. Each call counts: as many calls of {@link removeRealServer} with
   * the same values take it away.
   */
  addRealServer(server: RealServer): Promise<void> {
    return this.#request('add', 'real server', server);
  }

  removeRealServer(server: RealServer): Promise<void> {
    return this.#request('remove', 'real server', server);
  }

  /**
   * {@link addRealServer} where nothing has to be changed on the host for it, which is so of most: done, or false and
   * nothing was done. `server.address` in canonical form.
   */
  tryAddRealServer(server: RealServer): boolean {
    return !this.#isClosed && this.#queue.tryAtOnce('add', 'real server', server);
  }

  /** The same of {@link removeRealServer}. */
  tryRemoveRealServer(server: RealServer): boolean {
    return !this.#isClosed && this.#queue.tryAtOnce('remove', 'real server', server);
  }

  /**
   * Leads packets with the mark to a TUN device of their own, see {@link markDeviceName}, which another part has made
   * and which is made ready like the main one; adding one that is there already does nothing. Call it before the first
   * packet is to come, and {@link removeFirewallMark} for every family before the device is taken away.
   * Errors: EEXIST when another daemon has the mark or the mark's routing table is in use; ENOENT, EINVAL when there is
   * no such TUN device; EPERM; EIO. Nothing is changed then.
   */
  addFirewallMark(mark: FirewallMarkDevice): Promise<void> {
    return this.#onMark(mark, () => this.#marks.add(mark));
  }

  /** Takes the mark away for one family, and gives the device back after the last; one that is not there does nothing. */
  removeFirewallMark(mark: FirewallMark): Promise<void> {
    return this.#onMark(mark, () => this.#marks.remove(mark));
  }

  /**
   * Makes the kernel drop, from now on and silently, what a data plane takes from sockets that get copies of the packets
   * that come in by these devices, see capture.ts. None, the default: nothing is dropped. Devices need not be there, and
   * may come and go; bridges and bonds have the packets, not their members.
   * Errors: EINVAL for a name that is none, of a TUN device of ours or of the loopback; EEXIST when a routing table
   * that it takes is in use; EPERM, EIO. Then the devices are those of before.
   */
  async setCaptureDevices(names: readonly string[]): Promise<void> {
    this.#refuseIfClosed();
    checkCaptureDevices(names, devicesOf(this.#context.journal.content));
    await this.#inOrder(async () => {
      this.#refuseIfUnattached();
      const before = this.#capture.devices;
      try {
        await this.#captureFrom(names);
      } catch (thrown) {
        await this.#captureFrom(before);
        throw thrown;
      }
    });
  }

  async #captureFrom(devices: readonly string[]): Promise<void> {
    await this.#capture.setDevices(devices);
    for (const family of [4, 6] as const) await this.#families[family].followCapture();
  }

  /**
   * Compares with the kernel: puts back what somebody removed (a flush, a device set down and up) and follows
   * addresses that became local or ceased to be. For a timer of some seconds; two or three runs of `ip` a family in use.
   */
  refresh(): Promise<void> {
    return this.#refresh(false);
  }

  #refresh(isFull: boolean): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#isClosed) return;
      for (const family of [4, 6] as const) await this.#families[family].refresh(isFull);
      await this.#capture.verify();
    });
  }

  /**
   * Refreshes if addresses of the host have come or gone since the last call. For a timer of some hundred ms: a VIP that
   * another program moves, as keepalived does, is then followed that soon. Costs a fraction of a ms when nothing changed.
   */
  async followAddresses(): Promise<void> {
    const addresses = this.#context.system.addresses().toSorted().join();
    const isChanged = this.#addresses !== undefined && this.#addresses !== addresses;
    this.#addresses = addresses;
    if (isChanged) await this.#refresh(true);
  }

  /**
   * Keeps ports from sockets that ask for any port, until {@link close}. Each call adds to the ranges before.
   * Errors: EINVAL, also before {@link attachDevice}; EPERM.
   */
  async reservePorts(range: PortRange): Promise<void> {
    this.#refuseIfClosed();
    await this.#inOrder(() => {
      this.#refuseIfUnattached();
      return reservePortRange(this.#context, range);
    });
  }

  /** Takes away what a dead daemon left and nothing has asked for since it was adopted. */
  disown(): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#isClosed || !this.hasAdopted) return;
      await this.#capture.disown();
      for (const family of [4, 6] as const) await this.#families[family].disown();
      await this.#marks.disown();
    });
  }

  /** Ends without undoing anything, for a successor to adopt. */
  leave(): Promise<void> {
    this.#isClosed = true;
    return this.#inOrder(async () => {
      this.#isUndone = true;
    });
  }

  /** Takes TUN devices away that stayed when their daemon died. One that is gone already does nothing. */
  removeDevices(names: readonly string[]): Promise<void> {
    return this.#inOrder(async () => {
      const lines = names.map((name) => `link del dev ${name}`);
      await this.#context.system.change(4, lines, 'all');
    });
  }

  /** Undoes everything. May be called again, also after a failure; later additions are refused. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#inOrder(async () => {
      if (this.#isUndone) return;
      const { system, journal, log, withLock } = this.#context;
      // Without a device of our own nothing was changed; what carries its name belongs to another daemon.
      if (journal.content.link !== null) await withLock(() => undoAll(system, log, journal.content));
      await journal.remove();
      this.#isUndone = true;
    });
  }

  #refuseIfClosed(): void {
    if (this.#isClosed)
      throw new UipvsError('EINVAL', `The host plumbing of ${this.#context.device} is closed`);
  }

  async #onMark({ mark }: FirewallMark, task: () => Promise<void>): Promise<void> {
    this.#refuseIfClosed();
    checkMark(mark);
    await this.#inOrder(() => {
      this.#refuseIfUnattached();
      return task();
    });
  }

  #refuseIfUnattached(): void {
    if (!this.#isAttached)
      throw new UipvsError('EINVAL', `Device ${this.#context.device} is not attached yet`);
  }

  #inOrder<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => {});
    return result;
  }

  async #request(verb: Change['verb'], kind: EntryKind, subject: Subject): Promise<void> {
    this.#refuseIfClosed();
    await this.#queue.request(verb, kind, subject);
  }
}
