/**
 * Recorded output of Debian's ipvsadm 1.31 with -R, each time from an empty table, on Linux 6.1 with IPVS (user-mode Linux).
 * Here is how a line is read: its blanks, quotes and words; recorded-restores-of-lines.ts has lines one after another.
 */
export interface RecordedRestore {
  readonly input: string;
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
  /** The table after it, as -Sn saves it. */
  readonly saved: string;
}

export const RECORDED_RESTORES: readonly RecordedRestore[] = [
  { input: '', exitCode: 0, out: '', err: '', saved: '' },
  { input: '-A -t 10.9.0.1:80 -s rr\n', exitCode: 0, out: '', err: '', saved: '-A -t 10.9.0.1:80 -s rr\n' },
  { input: '-A -t 10.9.0.1:80 -s rr', exitCode: 0, out: '', err: '', saved: '-A -t 10.9.0.1:80 -s rr\n' },
  {
    input: 'ipvsadm -A -t 10.9.0.1:80 -s rr\n',
    exitCode: 0,
    out: '',
    err: '',
    saved: '-A -t 10.9.0.1:80 -s rr\n',
  },
  {
    input: '/sbin/ipvsadm -A -t 10.9.0.1:80 -s rr\n',
    exitCode: 2,
    out: '',
    err: 'unexpected argument /sbin/ipvsadm\n',
    saved: '',
  },
  {
    input: '\n\n   \n-A -t 10.9.0.1:80 -s rr\n',
    exitCode: 0,
    out: '',
    err: '',
    saved: '-A -t 10.9.0.1:80 -s rr\n',
  },
  { input: '-A  -t\t10.9.0.1:80\r\n', exitCode: 0, out: '', err: '', saved: '-A -t 10.9.0.1:80 -s wlc\n' },
  {
    input: "-A -t 10.9.0.1:80 -s 'rr'\n",
    exitCode: 255,
    out: '',
    err: 'Scheduler or persistence engine not found\n',
    saved: '',
  },
  {
    input: '-A -t 10.9.0.1:80 -s "rr"\n',
    exitCode: 255,
    out: '',
    err: 'Scheduler or persistence engine not found\n',
    saved: '',
  },
  {
    input: '-A -t "10.9.0.1:80\n-s rr"\n',
    exitCode: 2,
    out: '',
    err: 'illegal virtual server address[:port] specified\n',
    saved: '',
  },
  {
    input: "-A -t '10.9.0.1: 80'\n",
    exitCode: 2,
    out: '',
    err: 'illegal virtual server address[:port] specified\n',
    saved: '',
  },
  {
    input: '-A -t 10.9.0.1:80 \\\n-s rr\n',
    exitCode: 2,
    out: '',
    err: 'unexpected argument \\\n',
    saved: '',
  },
  {
    input: '-A -t 10.9.0.1:80 -s r\\r\n',
    exitCode: 255,
    out: '',
    err: 'Scheduler or persistence engine not found\n',
    saved: '',
  },
  {
    input: "-A -t 10.9.0.1:80 -s ''\n",
    exitCode: 255,
    out: '',
    err: 'Scheduler or persistence engine not found\n',
    saved: '',
  },
  {
    input: 'ipvsadm ipvsadm -A -t 10.9.0.1:80 -s rr\n',
    exitCode: 0,
    out: '',
    err: '',
    saved: '-A -t 10.9.0.1:80 -s rr\n',
  },
  {
    input: '-A -t 10.9.0.1:84 -s nosuch\n',
    exitCode: 255,
    out: '',
    err: 'Scheduler or persistence engine not found\n',
    saved: '',
  },
  {
    input: '-A -t 10.9.0.1:80 -s rr;-A -t 10.9.0.1:81\n',
    exitCode: 2,
    out: '',
    err: "multiple 'service-address' options specified\n",
    saved: '',
  },
  {
    input: '-A -t 10.9.0.1:80 -p -s rr\n',
    exitCode: 0,
    out: '',
    err: '',
    saved: '-A -t 10.9.0.1:80 -s rr -p 360\n',
  },
  {
    input: '-a -t 10.9.0.1:80 -r 10.1.0.11 -m\n',
    exitCode: 255,
    out: '',
    err: 'Service not defined\n',
    saved: '',
  },
  {
    input: 'A -t 10.9.0.1:80\n',
    exitCode: 255,
    out: '',
    err: "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n",
    saved: '',
  },
  {
    input: 'add\n',
    exitCode: 255,
    out: '',
    err: "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n",
    saved: '',
  },
  { input: '-A -t myhost:80\n', exitCode: 0, out: '', err: '', saved: '-A -t 10.9.0.5:80 -s wlc\n' },
  { input: '-A -t localhost:http\n', exitCode: 0, out: '', err: '', saved: '-A -t 127.0.0.1:80 -s wlc\n' },
  {
    input: "'-A' -t 10.9.0.1:80\n",
    exitCode: 255,
    out: '',
    err: "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n",
    saved: '',
  },
  {
    input: 'IPVSADM -A -t 10.9.0.1:80\n',
    exitCode: 2,
    out: '',
    err: 'unexpected argument IPVSADM\n',
    saved: '',
  },
  {
    input: 'ipvsadm-restore\n',
    exitCode: 255,
    out: '',
    err: "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n",
    saved: '',
  },
  {
    input: '-A -t 10.9.0.1:80\\\n',
    exitCode: 2,
    out: '',
    err: 'illegal virtual server address[:port] specified\n',
    saved: '',
  },
  {
    input: '-A -t 10.9.0.1:80 -s ""\n',
    exitCode: 255,
    out: '',
    err: 'Scheduler or persistence engine not found\n',
    saved: '',
  },
  {
    input: '-A -t 10.9.0.1:80 -s rr"x\n',
    exitCode: 255,
    out: '',
    err: 'Scheduler or persistence engine not found\n',
    saved: '',
  },
  {
    input: '-A -t 10.9.0.1:80 -s rr\n-A -t 10.9.0.1:81 -s "wl"c\n',
    exitCode: 255,
    out: '',
    err: 'Scheduler or persistence engine not found\n',
    saved: '-A -t 10.9.0.1:80 -s rr\n',
  },
  {
    input: '-A -t {10.9.0.1:80}\n',
    exitCode: 2,
    out: '',
    err: 'illegal virtual server address[:port] specified\n',
    saved: '',
  },
  {
    input: '-A -t 10.9.0.1:80 -s rr\f\u000b\n',
    exitCode: 255,
    out: '',
    err: 'Scheduler or persistence engine not found\n',
    saved: '',
  },
];
