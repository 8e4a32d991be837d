/** The policy rules of a host without uipvs, and of one where it has neither services nor real servers. */
import { DEVICE, TABLE } from './namespace-pair.js';

export const PLAIN_RULES =
  '0:\tfrom all lookup local \n32766:\tfrom all lookup main \n32767:\tfrom all lookup default \n';
export const BASE_RULES = ` 39:	from all iif lo ipproto icmp dport 768-769 lookup ${TABLE} proto 117
 39:	from all iif lo ipproto icmp dport 772-783 lookup ${TABLE} proto 117
 40:	from all ipproto icmp lookup local proto 117
 41:	from all iif ${DEVICE} goto 100 proto 117
 58:	from all ipproto tcp goto 60 proto 117
 58:	from all ipproto udp goto 60 proto 117
 58:	from all ipproto sctp goto 60 proto 117
 58:	from all ipproto esp goto 62 proto 117
 58:	from all ipproto ah goto 62 proto 117
 58:	from all ipproto icmp goto 62 proto 117
 59:	from all goto 100 proto 117
 60:	from all iif lo goto 100 proto 117
 62:	from all iif lo goto 100 proto 117
 66:	from all ipproto tcp dport 1-65534 goto 100 proto 117
 66:	from all ipproto udp dport 1-65534 goto 100 proto 117
 66:	from all ipproto sctp dport 1-65534 goto 100 proto 117
 100:	from all lookup local proto 117
 32766:	from all lookup main
 32767:	from all lookup default`
  .split('\n')
  .map((line) => line.trim());
