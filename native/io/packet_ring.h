// Receives from one Ethernet interface: a packet socket with a ring that the kernel fills.
//
// Theory of operation: the kernel copies each packet that comes in by the interface into the next frame of a ring that
// is mapped here, with its offload metadata before the Ethernet header. A burst hands out the frames themselves: they are
// changed in place, sent from there, and given back when the next burst is asked for. What does not fit into a frame, a
// super-packet above all, waits in the socket's queue in the same order, and is received into the caller's buffer. It is
// a copy that comes: that the kernel does not treat the original as well is arranged elsewhere. Only IP packets for this
// host are handed out; what the host sends itself does not come here, nor packets of VLANs, which come by their own
// devices.
// Source: packet(7); Documentation/networking/packet_mmap.rst; net/packet/af_packet.c, tpacket_rcv().
#pragma once

#include <linux/if_packet.h>

#include <atomic>
#include <cstdint>
#include <span>

#include "io/descriptor.h"
#include "io/packet_io.h"
#include "io/wire_filter.h"

namespace uipvs {

class PacketRing final : public Receiver {
 public:
  PacketRing() = default;
  ~PacketRing() override;
  PacketRing(const PacketRing&) = delete;
  PacketRing& operator=(const PacketRing&) = delete;

  struct Options {
    bool is_shared = false;
    const PacketRing* other = nullptr;  // of the same interface; shared rings have its packets by their flows
  };
  // 0 or -errno; `failed_call` then names the system call.
  int open(uint32_t interface, const Options& options, const WireFilter& filter, const char*& failed_call);
  // From any thread. Where the kernel takes none, the one before stays.
  void set_filter(const WireFilter& filter) { filter.attach(socket_.get()); }

  // The frames of the burst before are given back.
  int receive(std::span<Packet> burst) override;
  int descriptor() const override { return socket_.get(); }

  uint32_t interface() const { return interface_; }

  // While ring or queue were full; whether they would have been ours is not known.
  uint64_t take_lost() override;

 private:
  // Implementation: a frame holds a packet of an Ethernet with the usual MTU and room to put a PROXY header into it. So
  // many frames last 20 ms at 200,000 packets a second.
  static constexpr uint32_t kFrameBytes = 2048;
  static constexpr uint32_t kFrames = 4096;
  static constexpr uint32_t kBlockBytes = 1u << 18;

  int share(const Descriptor& socket, const PacketRing* other);

  enum class Taken { packet, nothing };

  uint8_t* frame(uint32_t index) const { return ring_ + static_cast<size_t>(index) * kFrameBytes; }
  Taken take(uint8_t* frame, Packet& packet);
  Taken take_long(Packet& packet);
  void give_back();

  Descriptor socket_;
  uint32_t interface_ = 0;
  uint8_t* ring_ = nullptr;
  uint32_t next_ = 0;   // frame that the kernel fills next
  uint32_t given_ = 0;  // first of the frames that were handed out
  uint64_t lost_ = 0;
  bool is_losing_ = false;  // the kernel has lost some that it was not asked about
};

}  // namespace uipvs
