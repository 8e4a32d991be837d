// What a worker counts, one 64-bit cell each: every packet that is not simply translated has its reason here.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "core/accounting.h"

namespace uipvs {

// Name and meaning of each counter, in the order of the cells; the addon hands the names to TypeScript.
// clang-format off
#define UIPVS_COUNTERS(X)                                                             \
  X(received_packets)           /* read from the device */                            \
  X(transmitted_packets)        /* handed to a device */                              \
  X(transmitted_raw)            /* of these, past the kernel's IP stack */            \
  X(translated_packets)         /* of a known connection */                           \
  X(passed_packets)             /* not ours: sent on unchanged */                     \
  X(answered_packets)           /* answered as a host does */                         \
  X(upcalls)                    /* first packets handed to the scheduler */           \
  X(fragments_kept)             /* until their datagram is whole */                   \
  X(datagrams_reassembled)                                                            \
  X(connections_created)                                                              \
  X(connections_expired)                                                              \
  X(connections_reused)         /* a SYN met a closed connection */                   \
  X(connections_reclaimed)      /* given up for room in a full table */               \
  X(connections_defended)       /* given up by the defence, sysctl drop_entry */      \
  X(templates_created)                                                                \
  X(refused_tuple_conflict)     /* answered too: another connection has the tuple */  \
  X(refused_forwarding_method)  /* answered too: choice is not masqueraded */         \
  X(refused_masquerade_ports)   /* answered too: no source port is left */            \
  X(refused_too_big)            /* answered too: too long for the way there */        \
  X(drop_malformed_empty)                                                             \
  X(drop_malformed_version)                                                           \
  X(drop_malformed_ip_header)                                                         \
  X(drop_malformed_ip_header_length)                                                  \
  X(drop_malformed_ip_length)                                                         \
  X(drop_malformed_ip_checksum)                                                       \
  X(drop_malformed_extension_chain)                                                   \
  X(drop_malformed_transport)                                                         \
  X(drop_malformed_tcp_offset)                                                        \
  X(drop_malformed_udp_length)                                                        \
  X(drop_malformed_offload)                                                           \
  X(drop_malformed_icmp)        /* ICMP checksum or length wrong */                   \
  X(drop_not_unicast)           /* multicast, broadcast, loopback or null address */  \
  X(drop_from_vip)              /* claims to come from a VIP */                       \
  X(drop_fragment_malformed)    /* absurd on its own */                               \
  X(drop_fragment_inconsistent) /* overlaps or contradicts others, or they did */     \
  X(drop_fragment_limit)        /* more than a datagram, a source or all may take */  \
  X(drop_fragment_repeated)     /* the same piece again */                            \
  X(drop_fragments_expired)     /* datagrams that did not become whole in time */     \
  X(drop_icmp_unmatched)        /* ICMP to a VIP that concerns no connection */       \
  X(drop_destination_removed)   /* of a connection whose destination was removed */   \
  X(client_addresses_untold)    /* segments without room for the TOA option */        \
  X(drop_client_address)        /* the PROXY header could not be put: sent again */   \
  X(drop_ftp_waiting)           /* behind an edit that waits for its receiver */      \
  X(drop_no_call_id)            /* for a service of persistence engine sip, but of no call */ \
  X(drop_masquerade_source)     /* no address of the director's is known to masquerade with */ \
  X(drop_defence)               /* by the defence, sysctl drop_packet */              \
  X(drop_table_full)                                                                  \
  X(drop_parking_full)          /* too many packets await the scheduler */            \
  X(drop_unplaced)              /* waited behind a packet that found no place */      \
  X(drop_retransmit_parked)     /* the same SYN already awaits the scheduler */       \
  X(drop_answer_rate)           /* ICMP errors beyond the rate limit */               \
  X(drop_unanswerable)          /* may not be answered: RFC 1122 3.2.2 */             \
  X(drop_transmit_again)        /* device queue full: EAGAIN, ENOBUFS */              \
  X(drop_transmit_refused)      /* device refused the packet */                       \
  X(drop_ring_full)             /* from the wire, ours or not: no room for the copy */ \
  X(receive_errors)
// clang-format on

enum class Counter : uint8_t {
#define UIPVS_COUNTER_ENUM(name) name,
  UIPVS_COUNTERS(UIPVS_COUNTER_ENUM)
#undef UIPVS_COUNTER_ENUM
      count_
};
inline constexpr size_t kCounterCount = static_cast<size_t>(Counter::count_);

inline constexpr std::array<const char*, kCounterCount> kCounterNames = {
#define UIPVS_COUNTER_NAME(name) #name,
    UIPVS_COUNTERS(UIPVS_COUNTER_NAME)
#undef UIPVS_COUNTER_NAME
};

// Cells of one worker in shared memory; a fixed size so that readers need no version.
struct WorkerCounters {
  std::atomic<uint64_t> cells[64];

  void add(Counter counter, uint64_t amount = 1) { add_relaxed(cells[static_cast<size_t>(counter)], amount); }
};
static_assert(kCounterCount <= 64);

}  // namespace uipvs
