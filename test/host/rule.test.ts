import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  isLocalRule,
  isRuleOf,
  isSharedRule,
  parseRule,
  type Rule,
  ruleText,
  sharedRules,
} from '../../src/host/rule.js';
import { parseBatchFailures, realSystem } from '../../src/host/system.js';

const listed: readonly (readonly [string, Record<string, unknown>, string])[] = [
  ['the local rule', { priority: 0, src: 'all', table: '255' }, 'pref 0 lookup 255 protocol 2'],
  [
    'a service',
    {
      priority: 50,
      src: 'all',
      dst: '10.0.0.1',
      ipproto: 'ipproto-6',
      dport: 80,
      table: '117',
      protocol: '117',
    },
    'pref 50 to 10.0.0.1 ipproto 6 dport 80 lookup 117 protocol 117',
  ],
  [
    'a service with a range of ports',
    {
      priority: 50,
      src: 'all',
      dst: '10.0.0.1',
      ipproto: 'ipproto-132',
      dport_start: 1024,
      dport_end: 65534,
      table: '117',
      protocol: '117',
    },
    'pref 50 to 10.0.0.1 ipproto 132 dport 1024-65534 lookup 117 protocol 117',
  ],
  [
    'a firewall mark',
    { priority: 45, src: 'all', fwmark: '0x1f', table: '2155151391', protocol: '117' },
    'pref 45 fwmark 0x1f lookup 2155151391 protocol 117',
  ],
  [
    'a real server',
    { priority: 60, src: '2001:db8::2', table: '117', protocol: '117' },
    'pref 60 from 2001:db8::2 lookup 117 protocol 117',
  ],
  [
    'a local real server',
    {
      priority: 60,
      src: '10.0.0.1',
      iif: 'lo',
      ipproto: 'ipproto-17',
      sport: 53,
      table: '117',
      protocol: '117',
    },
    'pref 60 from 10.0.0.1 iif lo ipproto 17 sport 53 lookup 117 protocol 117',
  ],
  [
    'a jump whose device is gone',
    {
      priority: 41,
      src: 'all',
      iif: 'uipvs0',
      iif_detached: null,
      goto: 100,
      unresolved: null,
      protocol: '117',
    },
    'pref 41 iif uipvs0 goto 100 protocol 117',
  ],
];

describe('policy rules', () => {
  for (const [what, json, text] of listed) {
    it(`${what} as the kernel lists it is the line that makes it`, () => {
      assert.equal(ruleText(parseRule(json)), text);
    });
  }

  it('a rule with a selector of others is not taken for the local rule', () => {
    assert.equal(isLocalRule(parseRule({ priority: 9, src: 'all', table: '255' })), true);
    const marked = parseRule({ priority: 9, src: 'all', fwmark: '0x2', table: '255' });
    assert.equal(isLocalRule(marked), false);
    const masked = parseRule({ priority: 9, src: 'all', fwmark: '0', fwmask: '0x200', table: '255' });
    assert.equal(isLocalRule(masked), false);
    assert.equal(isLocalRule(parseRule({ priority: 9, src: 'all', iif: 'eth0', table: '255' })), false);
  });

  it('every rule of ours is of one daemon or shared, never both', () => {
    const jump: Rule = { preference: 41, iif: 'uipvs0', action: { goto: 100 }, owner: 117 };
    const lookup: Rule = { preference: 60, from: '10.0.0.2', action: { lookup: 117 }, owner: 117 };
    const mark: Rule = { preference: 45, mark: 1, action: { lookup: 9 }, owner: 117 };
    for (const rule of [jump, lookup, mark]) {
      assert.deepEqual(
        [isRuleOf(rule, 'uipvs0', [117, 9]), isRuleOf(rule, 'uipvs1', [118]), isSharedRule(rule)],
        [true, false, false],
      );
    }
    for (const rule of [...sharedRules(4, 100), ...sharedRules(6, 100)]) {
      assert.deepEqual([isRuleOf(rule, 'uipvs0', [117]), isSharedRule(rule)], [false, true]);
    }
    assert.equal(isRuleOf({ ...lookup, owner: 2 }, 'uipvs0', [117]), false);
  });
});

describe('the ip program', () => {
  it('names the refused lines of a batch, counted from 0', () => {
    const stderr =
      'RTNETLINK answers: File exists\nCommand failed -:3\nError: Unknown device type.\nCommand failed -:7\n';
    assert.deepEqual(parseBatchFailures(stderr), [
      { line: 2, reason: 'File exists' },
      { line: 6, reason: 'Unknown device type.' },
    ]);
  });

  it('is missed in one sentence', async () => {
    await assert.rejects(realSystem('no-such-ip').list(4, ['rule', 'show']), {
      code: 'ENOENT',
      message: 'The program "no-such-ip" (package iproute2) was not found in PATH',
    });
  });
});
