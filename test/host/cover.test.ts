import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { contains, overlaps, prefixText, volume } from '../../src/host/box.js';
import { Cover } from '../../src/host/cover.js';
import { divide, type Item, itemOf } from '../../src/host/cover-split.js';

const TCP = 6;

function server(address: string, device = 'eth0'): Item {
  return itemOf(address, device);
}

function service(address: string, first: number, last = first, protocol = TCP): Item {
  return itemOf(address, '', protocol, first, last);
}

function texts(cover: Cover): string[] {
  return cover
    .settle()
    .map(({ box }) => (box.protocol === 0 ? prefixText(box) : `${prefixText(box)} ${box.first}-${box.last}`))
    .sort();
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('selectors for many real servers', () => {
  it('are one each, up to 32', () => {
    const cover = new Cover();
    for (const number of numbers(32)) cover.add(server(`10.1.0.${number}`));
    assert.equal(cover.settle().length, 32);
    assert.ok(cover.settle().every(({ isWide }) => !isWide));
  });

  it('are a few that cover all, beyond', () => {
    const cover = new Cover();
    for (const number of numbers(1000)) cover.add(server(`10.1.${number >> 8}.${number & 255}`));
    assert.deepEqual(texts(cover), ['10.1.0.0/22']);
    assert.ok(cover.settle().every(({ isWide }) => isWide));
  });

  it('keep apart what is far from one another', () => {
    const cover = new Cover();
    for (const number of numbers(60)) cover.add(server(`${[10, 172, 192][number % 3]}.1.0.${number}`));
    assert.deepEqual(texts(cover), ['10.1.0.0/26', '172.1.0.0/26', '192.1.0.0/26']);
  });

  it('keep apart what different devices lead to, though it lies together', () => {
    const cover = new Cover();
    for (const number of numbers(64)) cover.add(server(`10.1.0.${number}`, number < 16 ? 'eth0' : 'eth1'));
    assert.deepEqual(texts(cover), ['10.1.0.0/28', '10.1.0.16/28', '10.1.0.32/27']);
  });

  it('are never wider than /8, however many that takes', () => {
    const cover = new Cover();
    for (const number of numbers(200)) cover.add(server(`${number + 1}.1.0.1`));
    const lengths = cover.settle().map(({ box }) => box.length);
    assert.ok(Math.min(...lengths) >= 8, `${lengths}`);
    assert.equal(cover.settle().length, 200);
  });

  it('merge IPv6 addresses', () => {
    const cover = new Cover();
    for (const number of numbers(500)) cover.add(server(`2001:db8::${number.toString(16)}`));
    assert.deepEqual(texts(cover), ['2001:db8::/119']);
  });

  it('do not move when one comes and goes, and go with their last one', () => {
    const cover = new Cover();
    for (const number of numbers(100)) cover.add(server(`10.1.0.${number}`));
    const before = texts(cover);
    cover.add(server('10.1.0.120'));
    assert.deepEqual(texts(cover), before);
    cover.add(server('10.7.0.1'));
    assert.deepEqual(texts(cover), [...before, '10.7.0.1'].sort());
    cover.remove(server('10.7.0.1'));
    cover.remove(server('10.1.0.3'));
    assert.deepEqual(texts(cover), before);
    for (const number of numbers(83)) cover.remove(server(`10.1.0.${number}`));
    assert.deepEqual(
      texts(cover),
      before,
      'the 17 that are left with 10.1.0.120, and one of them is counted',
    );
    cover.remove(server('10.1.0.83'));
    cover.remove(server('10.1.0.84'));
    assert.equal(texts(cover).length, 16);
  });

  it('one more and one less at the limit change nothing but their own', () => {
    const cover = new Cover();
    for (const number of numbers(33)) cover.add(server(`10.1.0.${number}`));
    const merged = texts(cover);
    for (const _ of numbers(5)) {
      cover.remove(server('10.1.0.32'));
      assert.deepEqual(texts(cover), merged);
      cover.add(server('10.1.0.32'));
      assert.deepEqual(texts(cover), merged);
    }
  });

  it('one that was added twice stays until it is removed twice', () => {
    const cover = new Cover();
    cover.add(server('10.1.0.1'));
    cover.add(server('10.1.0.1'));
    cover.remove(server('10.1.0.1'));
    assert.deepEqual(texts(cover), ['10.1.0.1']);
    cover.remove(server('10.1.0.1'));
    cover.remove(server('10.1.0.1'));
    assert.deepEqual(texts(cover), []);
  });

  it('of 100,000 take no more than a moment', () => {
    const cover = new Cover();
    const servers = numbers(100_000).map((number) =>
      server(`10.${number % 7}.${(number >> 8) & 255}.${number & 255}`),
    );
    const start = process.cpuUsage();
    for (const each of servers) cover.add(each);
    assert.ok(cover.settle().length <= 16);
    for (const number of numbers(1000)) cover.add(server(`10.100.${number >> 8}.${number & 255}`));
    assert.ok(cover.settle().length <= 32);
    // Not by the clock: others may use the processor.
    const { user } = process.cpuUsage(start);
    assert.ok(user < 4_000_000, `${user} us`);
  });
});

describe('selectors for many ports', () => {
  it('become ranges at the widest gaps', () => {
    const cover = new Cover();
    for (const port of [...numbers(30), ...numbers(30).map((each) => each + 9000)]) {
      cover.add(service('10.0.0.1', 100 + port));
    }
    assert.deepEqual(texts(cover), ['10.0.0.1 100-129', '10.0.0.1 9100-9129']);
  });

  it('of many addresses become prefixes, of each protocol its own', () => {
    const cover = new Cover();
    for (const number of numbers(64)) {
      cover.add(service(`10.0.0.${number}`, 80));
      cover.add(service(`10.0.0.${number}`, 53, 53, 17));
    }
    assert.deepEqual(texts(cover), ['10.0.0.0/26 53-53', '10.0.0.0/26 80-80']);
  });

  it('never overlap, not even with a range that comes later', () => {
    const cover = new Cover();
    for (const port of numbers(40)) cover.add(service('10.0.0.1', 1000 + port * 2));
    cover.settle();
    cover.add(service('10.0.0.1', 1024, 65_534));
    const boxes = cover.settle().map(({ box }) => box);
    for (const one of boxes)
      for (const other of boxes) assert.ok(one === other || !overlaps(one, other), texts(cover).join());
  });
});

describe('any selectors', () => {
  const address = fc
    .tuple(fc.constantFrom('10.0.0', '10.0.1', '10.200.3', '192.168.7'), fc.integer({ min: 0, max: 255 }))
    .map(([network, host]) => `${network}.${host}`);
  const item = fc.oneof(
    fc.tuple(address, fc.integer({ min: 1, max: 65_534 })).map(([each, port]) => service(each, port)),
    fc.tuple(address, fc.constantFrom('eth0', 'eth1')).map(([each, device]) => server(each, device)),
  );
  const step = fc.record({ item, isAdded: fc.boolean() });

  it('contain every item that is there, and nothing of items that are gone stays for ever', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 30, maxLength: 300 }), (steps) => {
        const cover = new Cover();
        const present = new Map<string, { item: Item; count: number }>();
        for (const [index, { item: each, isAdded }] of steps.entries()) {
          const key = each.key;
          const count = present.get(key)?.count ?? 0;
          if (isAdded) {
            cover.add(each);
            present.set(key, { item: each, count: count + 1 });
          } else {
            cover.remove(each);
            if (count > 1) present.set(key, { item: each, count: count - 1 });
            else present.delete(key);
          }
          if (index % 7 !== 0) continue;
          const boxes = cover.settle().map(({ box }) => box);
          assert.ok(boxes.length <= 33);
          for (const { item: member } of present.values())
            assert.ok(
              boxes.some((box) => contains(box, member)),
              key,
            );
        }
        for (const { item: member, count } of present.values())
          for (const _ of numbers(count)) cover.remove(member);
        assert.deepEqual(cover.settle(), []);
      }),
    );
  });

  it('when divided, contain each of their own and no less than the whole', () => {
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 200 }), (items) => {
        const parts = divide(items, { boxes: 16, shortestLength: 8 });
        assert.equal(
          parts.reduce((sum, part) => sum + part.items.length, 0),
          items.length,
        );
        for (const part of parts) {
          assert.ok(part.items.every((each) => contains(part.box, each)));
          assert.ok(volume(part.box) >= Math.max(...part.items.map(volume)));
        }
      }),
    );
  });
});
