import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UipvsError } from '../../src/base/error.js';
import { SYSCTLS } from '../../src/ipvs/sysctl.js';
import { Trial } from './trial.js';

/** What the value of a setting is, as listed. */
function listedValue({ director }: Trial, name: string): string | undefined {
  return director.sysctls().find((sysctl) => sysctl.name === name)?.value;
}

test('settings are listed in the order of their names, with the values that the kernel begins with', () => {
  const listed = new Trial().director.sysctls();
  const names = listed.map(({ name }) => name);
  assert.deepEqual(names, [...names].sort());
  const notZero = listed.filter(({ value }) => value !== '0').map(({ name, value }) => [name, value]);
  assert.deepEqual(notZero, [
    ['am_droprate', '10'],
    ['amemthresh', '1024'],
    ['conn_reuse_mode', '1'],
    ['est_cpulist', ''],
    ['lblc_expiration', '86400'],
    ['lblcr_expiration', '86400'],
    ['pmtu_disc', '1'],
    ['run_estimation', '1'],
    ['snat_reroute', '1'],
    ['sync_ports', '1'],
    ['sync_qlen_max', '4096'],
    ['sync_threshold', '3\t50'],
    ['sync_version', '1'],
  ]);
});

/** Set one after another on a running kernel: name, text, value then; null where it answers EINVAL. */
const WRITES: readonly (readonly [string, string, string | null])[] = [
  ['conntrack', '2', '2'],
  ['conntrack', '-1', '-1'],
  ['conntrack', '2147483647', '2147483647'],
  ['conntrack', '2147483648', null],
  ['conntrack', '4294967295', null],
  ['expire_nodest_conn', '2', '2'],
  ['conn_reuse_mode', '-1', '-1'],
  ['amemthresh', '0x10', '16'],
  ['amemthresh', '010', '8'],
  ['amemthresh', '-0', '0'],
  ['amemthresh', '1,2', null],
  ['drop_entry', ' 3 \n', '3'],
  ['drop_entry', '4', null],
  ['drop_entry', '-1', null],
  ['drop_entry', 'x', null],
  ['drop_entry', '3.5', null],
  ['drop_entry', '1x', null],
  ['drop_entry', '+1', null],
  ['drop_entry', '99999999999', null],
  ['sync_version', '0', '0'],
  ['sync_version', '2', null],
  ['sync_ports', '64', '64'],
  ['sync_ports', '3', null],
  ['sync_ports', '0', null],
  ['sync_ports', '-1', null],
  ['sync_ports', '2147483647', null],
  ['sync_qlen_max', '4294967295', '4294967295'],
  ['sync_qlen_max', '-1', null],
  ['sync_retries', '3', '3'],
  ['sync_retries', '4', null],
  ['sync_refresh_period', '-1', '-1'],
  ['sync_refresh_period', '2147483647', null],
  ['lblc_expiration', '0', '0'],
  ['lblc_expiration', '2147483647', null],
  ['sync_threshold', '3', '3\t50'],
  ['sync_threshold', '50 3', null],
  ['sync_threshold', '5 0', '5\t0'],
  ['sync_threshold', '0 0', '0\t0'],
  ['sync_threshold', '-1 0', null],
  ['sync_threshold', '0 -1', null],
  ['sync_threshold', '3 3', null],
  ['sync_threshold', '4\t5', '4\t5'],
  ['sync_threshold', 'x 3', null],
];

test('settings take and refuse what a running kernel takes and refuses', () => {
  const trial = new Trial();
  for (const [name, text, value] of WRITES) {
    const before = listedValue(trial, name);
    const set = () => trial.director.setSysctl(name, text);
    const received = `for ${name} but received '${text}'`;
    if (value === null)
      assert.throws(
        set,
        (thrown: UipvsError) => thrown.code === 'EINVAL' && thrown.message.endsWith(received),
      );
    else set();
    assert.equal(listedValue(trial, name), value ?? before, `${name} after '${text}'`);
  }
});

/** Not what the kernel does: it takes the first words, or nothing. */
for (const [name, text] of [
  ['drop_entry', ''],
  ['drop_entry', '1 2'],
  ['sync_threshold', '1 2 3'],
  ['est_cpulist', 'a'],
] as const) {
  test(`${name} refuses '${text}'`, () => {
    assert.throws(() => new Trial().director.setSysctl(name, text), { code: 'EINVAL' });
  });
}

test('a refusal names the setting, the value and what it may be', () => {
  const { director } = new Trial();
  assert.throws(() => director.setSysctl('drop_entry', '7'), {
    message: "Expected an integer of 0..3 for drop_entry but received '7'",
  });
  for (const name of ['nosuch', 'toString', '']) {
    const message = `There is no setting ${name} of net.ipv4.vs`;
    assert.throws(() => director.setSysctl(name, '1'), { code: 'ENOENT', message });
  }
});

test('schedulers can read the settings that are theirs', () => {
  const { director } = new Trial();
  assert.equal(director.sysctl('lblc_expiration'), 86_400);
  director.setSysctl('lblc_expiration', '5');
  assert.equal(director.sysctl('lblc_expiration'), 5);
});

const POLICY = {
  connReuseMode: 1,
  expireNodestConn: false,
  expireQuiescentTemplate: false,
  sloppyTcp: false,
  sloppySctp: false,
  isSecureTcp: false,
  dropRate: 0,
  dropsEntries: false,
  natIcmpSend: false,
  scheduleIcmp: false,
};

test('the data plane hears the policy at the start', () => {
  assert.deepEqual(new Trial().dataPlane.policies, [POLICY]);
});

for (const [name, text, change] of [
  ['conn_reuse_mode', '0', { connReuseMode: 0 }],
  ['conn_reuse_mode', '2', { connReuseMode: 3 }],
  ['expire_nodest_conn', '1', { expireNodestConn: true }],
  ['expire_quiescent_template', '-1', { expireQuiescentTemplate: true }],
  ['sloppy_tcp', '1', { sloppyTcp: true }],
  ['sloppy_sctp', '1', { sloppySctp: true }],
  ['secure_tcp', '3', { isSecureTcp: true }],
  ['drop_packet', '3', { dropRate: 10 }],
  ['drop_entry', '3', { dropsEntries: true }],
  ['nat_icmp_send', '1', { natIcmpSend: true }],
  ['schedule_icmp', '1', { scheduleIcmp: true }],
] as const) {
  test(`the data plane hears at once of ${name} ${text}`, () => {
    const { director, dataPlane } = new Trial();
    director.setSysctl(name, text);
    assert.deepEqual(dataPlane.policies, [POLICY, { ...POLICY, ...change }]);
    director.setSysctl(name, text);
    assert.equal(dataPlane.policies.length, 2, 'once');
  });
}

/** Another value than the first one, where '0' or '1' is none. */
const OTHER_VALUES: Readonly<Record<string, string>> = { sync_threshold: '0 9', sync_ports: '2' };

for (const [name, { effect, byDefault }] of Object.entries(SYSCTLS)) {
  if (effect === 'packets' || effect === 'defence') continue;
  test(`the data plane hears nothing of ${name}`, () => {
    const trial = new Trial();
    trial.director.setSysctl(name, OTHER_VALUES[name] ?? (byDefault === '0' ? '1' : '0'));
    assert.notEqual(listedValue(trial, name), byDefault);
    assert.equal(trial.dataPlane.policies.length, 1);
  });
}

test('a setting that the data plane refuses stays as it was', () => {
  const trial = new Trial();
  trial.dataPlane.nextError = new Error('refused');
  assert.throws(() => trial.director.setSysctl('sloppy_tcp', '1'), /refused/);
  assert.equal(listedValue(trial, 'sloppy_tcp'), '0');
  trial.director.setSysctl('sloppy_tcp', '1');
  assert.equal(trial.dataPlane.policies.at(-1)?.sloppyTcp, true);
});
