/**
 * Theory of operation: what the daemon changes on the host so that packets come to its TUN device and leave again.
 *
 * The picture, for device uipvs0 and table T, in the order in which the kernel looks:
 *
 *     39  iif lo ipproto icmp dport E lookup T  E: errors of the host itself, see rule.ts
 *     40  ipproto ipv6-icmp lookup local      IPv6 only, shared
 *     41  iif uipvs0 goto 100                 what we send is routed as if we were not there: no loops
 *     45  fwmark N lookup T_N                 one a firewall mark
 *     46  captured packets, and at 47 and 61: see capture-rules.ts
 *     50  to VIP ipproto P dport N lookup T   one a service, if the VIP is an address of the host or may become one
 *     55  from RIP iif lo ipproto P sport N   one a real server that is an address of the host, and one for its refusals
 *           lookup T
 *     58  ipproto P goto 60                   P: tcp, udp, sctp; shared
 *     58  ipproto P goto 62                   P: icmp or ipv6-icmp, ESP and AH; shared
 *     59  goto 100                            shared
 *     60  iif lo goto 100                     at 62 too; shared
 *     63  from RIP lookup T                   one a real server: its replies, wherever they go
 *     65  iif IF ipproto icmp lookup T        one a device that leads to real servers, see family-rules.ts
 *    100  lookup local                        moved from 0, shared
 *  32766  lookup main                         holds `VIP dev uipvs0` for VIPs that are no address of the host; for
 *                                             those on a LAN of the host there is a proxy entry, see lan-answers.ts
 *      T  default dev uipvs0
 *    T_N  default dev uipvs0mN                a TUN device a mark: a packet in user space has no mark any more
 *
 * Kernel IPVS hangs on netfilter hooks and sees every packet; here routing decides which packets we see. The rules
 * stand before the local table because a client on the director itself gets its replies at a local address. Of a
 * local VIP only the services' ports are taken, so ping and ssh to the host do not notice us.
 *
 * - Rule 39: the host tells the sender of a packet it cannot forward, and quotes it as the data plane wrote it: the
 *   client does not know the real server's address, nor the real server the VIP. So these errors go through the data
 *   plane, towards clients, VIPs and masquerading addresses, local or not. No other packet of the host has a type and
 *   code in its look-up that the rule names, pings least of all. Errors about packets that are not ours go the same way,
 *   and are sent from the host's first address instead of that of the interface they leave by.
 * - What the data plane writes may have an address of the host as source: IPv4 needs accept_local for that, and an
 *   address on the device where rp_filter is not 0, see device.ts; IPv6 needs nothing. route_localnet stays 0.
 * - Where there are many services or real servers, rules are merged, see cover.ts, and stand at 51, 56 and 64: behind
 *   what other daemons have of their own.
 * - A VIP that is in a subnet of the host, or that another program has had on a device, has rules at 50 even while it is
 *   elsewhere: when it is put on a device, not one packet for a service reaches the host, which would refuse it.
 * - Rules 60 and 62: no packet that the host itself sends is from a real server elsewhere, whatever prefix it is in.
 * - The jump at 41 is why rule 63 needs no incoming device: replies are caught by whatever device they come, and stay
 *   caught when the route to the real server moves.
 * - Rules 58 and 59: the kernel answers an ARP request only if a look-up from the asker to the address ends in table
 *   local. A rule 63 in front of it would leave real servers without their gateway. That look-up has no protocol.
 * - Rule 40: neighbour discovery from a real server is unicast to the director's own address; in user space it would
 *   lose its hop limit of 255 and the director would forget the real server. ICMPv6 *through* the director is not
 *   affected, it misses the local table and goes on to 63.
 * - A real server that is an address of the host answers from a local socket: `from RIP iif lo ipproto P sport N`.
 *   Only a socket bound to RIP, or connected, has that source when the route is chosen: TCP always, UDP on a wildcard
 *   socket not. Loopback addresses never work, as in the kernel.
 * - The host's own connections with a real server come through user space too, for no rule can tell them from a
 *   client's on the director. That needs net.ipv4.ip_early_demux=0, see settings.ts.
 * - Rule 45 takes every packet with the mark, whatever its destination, of this host's sockets too (a mark set in an
 *   output chain of type route). Marks are set in prerouting, before routing. What the engine sends again has no mark
 *   and comes by the main device, so 41 covers it. net.ipv4.conf.*.src_valid_mark makes the reverse-path filter use
 *   the mark: with rp_filter 1 there, marked packets are dropped as spoofed (a warning says so); 0 and 2 pass them,
 *   and without src_valid_mark all three do.
 * - The rule for table local: see local-rule.ts. Never fewer than one, not on a crash, not in undo.
 *
 * Bookkeeping. Every rule, route and proxy entry carries our owner number, so the kernel itself is the list of what is to be
 * undone; the journal holds what the kernel does not know, old settings above all, each written down before it is
 * changed. Undo after a crash and on exit is the same code (undo.ts). What daemons of one namespace share (40, 58, 59, 60,
 * 62, 100) is taken away by the last; settings of the whole host stay as a leaving daemon set them while another runs.
 * The host lock, beside the journal, keeps two from moving the local rule at once, so such daemons keep their journals
 * in one directory.
 *
 * Speed. Calls made while another is at work are applied together: one `ip` run for questions, one for changes, a few
 * ms for one service or for a thousand; 10,000 services with 100,000 real servers, at once, take 1.5 s of a processor.
 * The kernel walks rules linearly, for every packet not in a socket's cache, which is why there are at most some
 * dozens, and none for re-injected packets; services on other VIPs cost a route. Rules with a protocol make it dissect each
 * packet it routes.
 *
 * Differs from the kernel: packets of a real server that have nothing to do with a service pass through user space
 * too; with a strict rp_filter towards clients, direct access to real servers is dropped (a warning says so); subnet
 * broadcasts a real server sends do not reach the host; a marked packet need not be for the host to be balanced, so
 * the route that makes it local (`ip rule fwmark N`, `ip route local default dev lo`) is not needed and does no harm;
 * with several daemons in one namespace, rules 39 and 65 give the errors about all their packets to one of them;
 * pings between the host and where real servers are go through user space, but for IPv6's of the host itself;
 * no rule can name port 65535, so a persistent FTP service on a local VIP lacks it and a service there is refused.
 */
import { dirname } from 'node:path';
import { UipvsError } from '../base/error.js';
import type { Family } from '../net/family.js';
import { Capture } from './capture.js';
import type { HostContext } from './context.js';
import { isSetUp, readLink, setUpLink } from './device.js';
import type { EntryKind, RealServer, VirtualService } from './entry.js';
import { type Change, FamilyPlumbing } from './family-plumbing.js';
import { checkMark, type FirewallMark, type FirewallMarkDevice, FirewallMarks } from './firewall-mark.js';
import { withHostLock } from './host-lock.js';
import { checkOptions, type HostOptions, isDeviceName } from './host-options.js';
import { devicesOf, Journal } from './journal.js';
import type { PortRange } from './port-range.js';
import { RequestQueue, type Subject } from './request-queue.js';
import { reservePortRange } from './reserved-ports.js';
import { outsideRouterGroups, restoreRouterGroups, setDeviceSettings } from './settings.js';
import { type HostSystem, realSystem } from './system.js';
import { refuseTakenTable } from './table.js';
import { removeOrphans, undoAll } from './undo.js';

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
    const { device, table, journalPath, log } = options;
    const {
      onVipLocation = () => {},
      onRoute = () => {},
      onCapture = () => {},
      announce = () => {},
      answersOnLan = true,
      adopts = false,
    } = options;
    let hasAdopted = false;
    const lockPath = `${dirname(journalPath)}/host.lock`;
    const withLock = <T>(action: () => Promise<T>) => withHostLock(lockPath, action);
    const journal = await withLock(async () => {
      const leftover = await Journal.readLeftover(system, log, journalPath);
      hasAdopted = adopts && leftover?.device === device && leftover.table === table;
      if (leftover !== null && hasAdopted) {
        await removeOrphans(system, log);
        return Journal.adopt(system, journalPath, leftover);
      }
      if (leftover !== null) {
        log('info', `Undoing what process ${leftover.owner.pid} left on the host`, {
          pid: leftover.owner.pid,
        });
        await undoAll(system, log, leftover);
      }
      await removeOrphans(system, log);
      for (const family of [4, 6] as const) await refuseTakenTable(system, family, table, device);
      return Journal.start(system, journalPath, device, table);
    });
    const callbacks = { onVipLocation, onRoute, onCapture, announce, answersOnLan };
    const context = { system, journal, log, device, table, ...callbacks, withLock };
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
      const { system, journal, device } = this.#context;
      if (mtuBytes !== undefined && !Number.isInteger(mtuBytes)) {
        throw new UipvsError('EINVAL', `Expected an mtu in bytes but received ${mtuBytes}`);
      }
      const { properties, largestMtuBytes } = await readLink(system, device);
      if (journal.content.link === null) await journal.setLink(properties);
      await restoreRouterGroups(this.#context);
      await setDeviceSettings(this.#context, true);
      // One that is in use is not taken out of it for a moment, as a new one is.
      if (!this.hasAdopted || !isSetUp(properties)) {
        await outsideRouterGroups(this.#context, () =>
          setUpLink(system, device, mtuBytes ?? largestMtuBytes, true),
        );
      }
      if (this.hasAdopted) for (const family of [4, 6] as const) await this.#families[family].inherit();
      this.#isAttached = true;
    });
  }

  /**
   * Leads the service's packets to the device; adding one that is there already changes its further ports, if others
   * are given, and nothing else.
   * Errors: EEXIST when another route or daemon has the VIP, and nothing is changed; EINVAL; EPERM; EIO.
   */
  addVirtualService(service: VirtualService): Promise<void> {
    return this.#request('add', 'virtual address', service);
  }

  /** Takes the service away; one that is not there does nothing. */
  removeVirtualService(service: VirtualService): Promise<void> {
    return this.#request('remove', 'virtual address', service);
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
    const own = new Set(['lo', ...devicesOf(this.#context.journal.content)]);
    for (const name of names) {
      if (!isDeviceName(name) || own.has(name))
        throw new UipvsError(
          'EINVAL',
          `Expected the name of a device to capture from but received "${name}"`,
        );
    }
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
