/**
 * Virtual addresses on a LAN.
 *
 * Theory of operation: a VIP that is no address of the host may lie in a subnet the host is in. Neighbours then ask for it
 * by ARP or neighbour discovery instead of sending it to a router, and the director answers with a proxy entry: the
 * kernel answers for an address with such an entry if it would forward packets to it by another device, which the route
 * to our device makes true; the switch proxy_arp, which answers for whatever can be routed, stays as it is. For IPv6 the
 * entry counts only with proxy_ndp. It has to be that of `all`: with a device's own, the kernel answers questions to
 * the group, but forwards those that come straight to the VIP, and neighbours that check on it forget it every minute.
 * By default the kernel answers for others after a random delay of up to 0.8 s, so proxy_delay is 0 on these devices.
 *
 * An address that is taken is announced, three times, some seconds apart: neighbours that had it from another host send
 * to us at once.
 *
 * Two hosts that answer for one address are worse than none. So the director asks first and waits a moment; an address
 * that another host answers for is left to it, with a warning. Later, at refreshes, it asks again, some addresses at a
 * time: one that was another's and is free now is taken, within two refreshes, which makes a second director a standby;
 * one that another host claims while we answer is given up for a while, since the other may be one that never gives
 * way, such as keepalived's master. Two directors that begin at the same moment both give up and wait differently long.
 *
 * An address that another program puts on a device of the host and takes away again, as keepalived does, is never
 * answered for once it has been seen there: where it is gone, it is on its way to another host.
 *
 * An IPv6 address is taken unasked on a device without a link-local address, which the kernel would ask from.
 *
 * Differs from an address of the host: a neighbour that asks for the address to find out whether it is free (RFC 5227
 * probe) gets no answer, since the kernel answers probes for its own addresses only.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../base/error.js';
import type { Family } from '../net/family.js';
import type { HostContext } from './context.js';
import { devicesAround, type Link, listLinks, listSubnets } from './link.js';
import {
  askNeighbours,
  changeNeighbours,
  type KnownNeighbour,
  listNeighbours,
  listProxies,
  type Neighbour,
  proxyText,
} from './neighbour.js';
import { changeSetting, IPV4, IPV6 } from './settings.js';

/** How long a neighbour may take to answer before an address counts as free; on a LAN it takes some ms. */
const ANSWER_WAIT_MS = 250;
/** As RFC 5227 section 2.3 has it twice, and once more for a switch that has just come up. */
const ANNOUNCEMENTS = 3;
/** Questions at a time: the kernel holds about 1000 neighbours (gc_thresh3), and refreshes must not flood a LAN. */
const MAX_QUESTIONS = 256;
const MAX_QUESTIONS_A_REFRESH = 32;
/** An address that was given up is not taken again for 1 to this many refreshes. */
const MAX_PAUSE_REFRESHES = 4;

interface Place extends Neighbour {
  readonly key: string;
  /** We answer; otherwise another host does, or we wait. */
  isAnswered: boolean;
  announcementsLeft: number;
  /** Refreshes to come before the address may be taken. */
  pause: number;
}

/** One family's answers. Callers serialise. */
export class LanAnswers {
  readonly #family: Family;
  readonly #context: HostContext;
  readonly #places = new Map<string, Place>();
  /** Asked at the last refresh. */
  #asked = new Set<Place>();

  constructor(family: Family, context: HostContext) {
    this.#family = family;
    this.#context = context;
  }

  /** Makes the answers fit the VIPs that have a route now. `isRefresh`: looks after those that are there, too. */
  async follow(vips: readonly string[], isRefresh: boolean): Promise<void> {
    if (!this.#context.answersOnLan || (vips.length === 0 && this.#places.size === 0)) return;
    const links = await listLinks(this.#context.system);
    const fresh = await this.#compare(vips, links);
    const macs = new Set([...links.values()].map(({ mac }) => mac));
    for (let at = 0; at < fresh.length; at += MAX_QUESTIONS) {
      await this.#tryToTake(fresh.slice(at, at + MAX_QUESTIONS), macs);
    }
    if (isRefresh) await this.#lookAfter(macs);
  }

  /** The addresses on a LAN that are left to another host, or not asked about yet. */
  unanswered(): ReadonlySet<string> {
    const places = [...this.#places.values()].filter(({ isAnswered }) => !isAnswered);
    return new Set(places.map(({ address }) => address));
  }

  /** Forgets places that are not wanted any more; returns those that are new. */
  async #compare(vips: readonly string[], links: ReadonlyMap<string, Link>): Promise<Place[]> {
    const { system } = this.#context;
    const subnets = await listSubnets(system, this.#family);
    const useful = subnets.filter(({ device }) => links.get(device)?.hasNeighbours);
    const wanted = new Map<string, Neighbour>();
    for (const address of vips) {
      for (const device of devicesAround(address, useful)) {
        wanted.set(`${address} ${device}`, { address, device });
      }
    }
    const gone = [...this.#places.values()].filter(({ key }) => !wanted.has(key));
    await this.#stopAnswering(gone);
    for (const place of gone) this.#places.delete(place.key);
    const fresh: Place[] = [];
    for (const [key, neighbour] of wanted) {
      if (this.#places.has(key)) continue;
      const place = { ...neighbour, key, isAnswered: false, announcementsLeft: 0, pause: 0 };
      this.#places.set(key, place);
      fresh.push(place);
    }
    return fresh;
  }

  async #tryToTake(places: readonly Place[], macs: ReadonlySet<string>): Promise<void> {
    const { system } = this.#context;
    const known = await listNeighbours(system, this.#family);
    const permanent = holders(known, macs, true);
    const free = places.filter((place) => !this.#isHeld(place, permanent));
    await askNeighbours(system, this.#family, free, known);
    await delay(ANSWER_WAIT_MS);
    const found = holders(await listNeighbours(system, this.#family), macs);
    await this.#take(free.filter((place) => !this.#isHeld(place, found)));
  }

  /** At a refresh: acts on the answers to the last one's questions, puts back what was lost, announces, asks again. */
  async #lookAfter(macs: ReadonlySet<string>): Promise<void> {
    const { system, log } = this.#context;
    const neighbours = await listNeighbours(system, this.#family);
    const found = holders(neighbours, macs);
    const asked = [...this.#asked].filter(({ key }) => this.#places.has(key));
    const claimed = asked.filter((place) => place.isAnswered && found.has(place.key));
    await this.#stopAnswering(claimed);
    for (const place of claimed) {
      place.pause = 1 + Math.floor(Math.random() * MAX_PAUSE_REFRESHES);
      this.#warnOfHolder(place, found.get(place.key) ?? '');
    }
    const freed = asked.filter(({ key, isAnswered, pause }) => !isAnswered && !found.has(key) && pause === 0);
    const present = new Set(
      (await listProxies(system, this.#family)).map(({ address, device }) => `${address} ${device}`),
    );
    const answered = [...this.#places.values()].filter(({ isAnswered }) => isAnswered);
    const lost = answered.filter(({ key }) => !present.has(key));
    for (const { address, device } of lost) {
      log('warn', `Somebody else removed the proxy entry for ${address} on ${device}; putting it back`);
    }
    for (const place of answered) if (!lost.includes(place)) this.#announce(place);
    await this.#take([...lost, ...freed]);
    await this.#askSome(neighbours, holders(neighbours, macs, true));
  }

  /** Asks for the places whose turn it is. */
  async #askSome(known: readonly KnownNeighbour[], permanent: ReadonlyMap<string, string>): Promise<void> {
    const turn = [...this.#places.values()].slice(0, MAX_QUESTIONS_A_REFRESH);
    for (const place of turn) {
      if (place.pause > 0) place.pause -= 1;
      // To the end of the queue.
      this.#places.delete(place.key);
      this.#places.set(place.key, place);
    }
    this.#asked = new Set(turn.filter(({ key }) => !permanent.has(key)));
    await askNeighbours(this.#context.system, this.#family, [...this.#asked], known);
  }

  async #take(places: readonly Place[]): Promise<void> {
    if (places.length === 0) return;
    const { system, log } = this.#context;
    for (const device of new Set(places.map((place) => place.device))) await this.#prepare(device);
    // Adding one that somebody else made would make it ours.
    const present = await listProxies(system, this.#family);
    const foreign = new Set(
      present.filter(({ isOurs }) => !isOurs).map(({ address, device }) => `${address} ${device}`),
    );
    const own = places.filter(({ key }) => !foreign.has(key));
    const lines = own.map((place) => `neigh add ${proxyText(place)}`);
    const failures = await changeNeighbours(system, this.#family, lines);
    const reasons = new Map(failures.map(({ line, reason }) => [line, reason]));
    for (const [index, place] of own.entries()) {
      const { address, device } = place;
      const reason = reasons.get(index);
      if (reason !== undefined) {
        log('warn', `The kernel refused to answer for ${address} on ${device}: ${reason}`, {
          address,
          device,
        });
        continue;
      }
      if (!place.isAnswered)
        log('info', `Answering for virtual address ${address} on ${device}`, { address, device });
      place.isAnswered = true;
      place.announcementsLeft = ANNOUNCEMENTS;
      this.#announce(place);
    }
  }

  async #stopAnswering(places: readonly Place[]): Promise<void> {
    const answered = places.filter(({ isAnswered }) => isAnswered);
    const lines = answered.map((place) => `neigh del ${proxyText(place)}`);
    // One that is gone already, perhaps with its device, is as wanted.
    await changeNeighbours(this.#context.system, this.#family, lines);
    for (const place of answered) place.isAnswered = false;
  }

  #announce(place: Place): void {
    if (place.announcementsLeft === 0) return;
    const { announce, log } = this.#context;
    const { address, device } = place;
    place.announcementsLeft -= 1;
    try {
      announce(device, address);
    } catch (thrown) {
      log('warn', `Virtual address ${address} could not be announced on ${device}: ${messageOf(thrown)}`, {
        address,
        device,
      });
    }
  }

  #isHeld(place: Place, found: ReadonlyMap<string, string>): boolean {
    const mac = found.get(place.key);
    if (mac !== undefined) this.#warnOfHolder(place, mac);
    return mac !== undefined;
  }

  #warnOfHolder({ address, device }: Place, mac: string): void {
    const sentence = `Virtual address ${address} is in use by ${mac} on ${device}; not answering for it there`;
    this.#context.log('warn', sentence, { address, device, mac });
  }

  async #prepare(device: string): Promise<void> {
    const directory = this.#family === 4 ? IPV4 : IPV6;
    const purpose = `the kernel would answer for virtual addresses on ${device} only after up to 0.8 s`;
    const path = `${directory}/neigh/${device}/proxy_delay`;
    await changeSetting(this.#context, { path, value: '0', purpose, isRequired: false });
    if (this.#family === 4) return;
    await changeSetting(this.#context, {
      path: `${IPV6}/conf/all/proxy_ndp`,
      value: '1',
      purpose: 'without it, the kernel does not answer for IPv6 virtual addresses on a LAN',
      isRequired: false,
    });
  }
}

/** By place, the MAC addresses of other hosts; `onlyPermanent`: of those that somebody has put there for good. */
function holders(
  neighbours: readonly KnownNeighbour[],
  ownMacs: ReadonlySet<string>,
  onlyPermanent = false,
): ReadonlyMap<string, string> {
  const others = neighbours.filter(
    ({ mac, isPermanent }) => mac !== '' && !ownMacs.has(mac) && (isPermanent || !onlyPermanent),
  );
  return new Map(others.map(({ address, device, mac }) => [`${address} ${device}`, mac]));
}
