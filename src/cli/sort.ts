/**
 * The order of a listing: services by mark, family, protocol, address and port; destinations by address and port.
 *
 * ipvsadm compares 32-bit addresses by the sign of their difference, which wraps: 192.168.0.1 comes before
 * 10.0.0.1. Such a comparison is not transitive, so the outcome depends on the algorithm too, and the merge sort
 * below is the one that the C library's qsort is.
 */
import type { DestinationListing, ServiceListing } from '../ipvs/listing.js';
import { addressWords } from '../net/address.js';

const PROTOCOL_NUMBERS = { tcp: 6, udp: 17, sctp: 132 } as const;

type Comparison<Item> = (left: Item, right: Item) => number;

/** Top-down merge sort, the smaller half first. Source: glibc up to 2.36, msort.c, by its documented behaviour. */
function mergeSort<Item>(items: readonly Item[], compare: Comparison<Item>): Item[] {
  if (items.length <= 1) return [...items];
  const middle = items.length >> 1;
  const left = mergeSort(items.slice(0, middle), compare);
  const right = mergeSort(items.slice(middle), compare);
  const merged: Item[] = [];
  let leftIndex = 0;
  let rightIndex = 0;
  for (;;) {
    const leftItem = left[leftIndex];
    const rightItem = right[rightIndex];
    if (leftItem === undefined) return merged.concat(right.slice(rightIndex));
    if (rightItem === undefined) return merged.concat(left.slice(leftIndex));
    if (compare(leftItem, rightItem) <= 0) {
      merged.push(leftItem);
      leftIndex++;
    } else {
      merged.push(rightItem);
      rightIndex++;
    }
  }
}

/** The first of the 32-bit differences that is not 0, wrapped to a signed number. */
function compareWords(left: Uint32Array, right: Uint32Array): number {
  for (const [index, word] of left.entries()) {
    const difference = (word - (right[index] ?? 0)) | 0;
    if (difference !== 0) return difference;
  }
  return 0;
}

interface ServiceOrder {
  readonly service: ServiceListing;
  readonly mark: number;
  readonly family: number;
  readonly protocol: number;
  readonly words: Uint32Array;
  readonly port: number;
}

function serviceOrder(service: ServiceListing): ServiceOrder {
  const { key } = service;
  if (key.kind === 'fwmark') {
    return { service, mark: key.mark, family: key.family, protocol: 0, words: new Uint32Array(1), port: 0 };
  }
  const words = addressWords(key.address);
  const family = words.length === 1 ? 4 : 6;
  return { service, mark: 0, family, protocol: PROTOCOL_NUMBERS[key.protocol], words, port: key.port };
}

function compareServices(left: ServiceOrder, right: ServiceOrder): number {
  return (
    (left.mark - right.mark) | 0 ||
    left.family - right.family ||
    left.protocol - right.protocol ||
    compareWords(left.words, right.words) ||
    left.port - right.port
  );
}

export function sortServices(services: readonly ServiceListing[]): ServiceListing[] {
  return mergeSort(services.map(serviceOrder), compareServices).map((order) => order.service);
}

export function sortDestinations(destinations: readonly DestinationListing[]): DestinationListing[] {
  const ordered = destinations.map((destination) => ({
    destination,
    words: addressWords(destination.address),
  }));
  return mergeSort(
    ordered,
    (left, right) => compareWords(left.words, right.words) || left.destination.port - right.destination.port,
  ).map((order) => order.destination);
}
