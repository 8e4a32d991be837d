// Captures of packets: files as tcpdump and Wireshark write them, and a receiver over one, for tests, fuzzing and replay.
//
// Theory of operation: the file lies in memory, whose owner mapped or read it. A header says in which byte order and in
// which fraction of a second the writer counted, and what kind of link it was; records follow, each with its time, how
// many bytes of the packet are there, and how many it had. Nothing in it is believed: every length is held against what is
// left of the memory, and where one is wrong the file ends, since nobody knows where the next record would begin.
// Links are Ethernet, with VLAN tags or without, and those whose packets are IP packets with nothing in front.
// Source: IETF draft-ietf-opsawg-pcap (the classic format, not pcapng); https://www.tcpdump.org/linktypes.html.
#pragma once

#include <cstdint>
#include <span>

#include "io/packet_io.h"

namespace uipvs {

enum class PcapError : uint8_t {
  none,
  truncated,  // the file's header reaches beyond it
  magic,      // no capture in the classic format
  version,    // not 2.x
  link_type,  // neither Ethernet nor raw IP
  record,     // a record reaches beyond the file, or is longer than a packet can have been
};

struct PcapRecord {
  std::span<const uint8_t> frame;  // what was kept of it
  uint32_t original_bytes = 0;     // how long it was
  uint64_t time_ns = 0;            // since 1970, by the clock of who captured
};

class PcapFile {
 public:
  // `bytes` outlive the file. On an error there are no records.
  PcapError open(std::span<const uint8_t> bytes);

  // The next record; false at the end, or where error() says that the file is broken.
  bool next(PcapRecord& record);
  PcapError error() const { return error_; }

  // The IP packet in a record's frame, with what padding is behind it; empty where it holds none.
  std::span<const uint8_t> ip_packet(const PcapRecord& record) const;

 private:
  uint16_t word_at(size_t offset) const;
  uint32_t long_at(size_t offset) const;

  std::span<const uint8_t> bytes_;
  size_t next_ = 0;
  PcapError error_ = PcapError::truncated;
  bool is_big_endian_ = false;
  bool has_nanoseconds_ = false;
  bool has_ethernet_ = false;
};

// The IP packets of a capture, one after another, as fast as they are asked for.
class PcapReceiver final : public Receiver {
 public:
  // `file` is open and outlives the receiver.
  explicit PcapReceiver(PcapFile& file) : file_(file) {}

  // 0 at the end of the file, -EBADMSG once where it is broken. Metadata are those of a packet without offloads; the time of
  // the last one that was given out is last_time_ns().
  int receive(std::span<Packet> burst) override;
  int descriptor() const override { return -1; }
  // Records whose packet is not there in whole: cut off, or longer than a buffer.
  uint64_t take_lost() override;

  uint64_t last_time_ns() const { return last_time_ns_; }
  // Records without an IP packet.
  uint64_t others() const { return others_; }

 private:
  PcapFile& file_;
  uint64_t last_time_ns_ = 0;
  uint64_t lost_ = 0;
  uint64_t others_ = 0;
  bool has_told_error_ = false;
};

}  // namespace uipvs
