// How packets come in and how they leave: two interfaces that know nothing of translation.
#pragma once

#include <cstdint>
#include <span>

#include "core/connection.h"
#include "core/counters.h"
#include "core/packet.h"

namespace uipvs {

class Receiver {
 public:
  virtual ~Receiver() = default;

  // Fills as many of `burst` as are there now, without waiting, and sets data and length of each; `data` points to
  // kPacketHeadroom bytes behind a buffer of kPacketBufferBytes that the caller owns. Returns how many, or -errno.
  virtual int receive(std::span<Packet> burst) = 0;

  // A descriptor that poll() finds readable when receive() has something; -1 where there is none.
  virtual int descriptor() const = 0;

  // How many packets came since the last call for which there was no room.
  virtual uint64_t take_lost() { return 0; }
};

class Transmitter {
 public:
  virtual ~Transmitter() = default;

  // Sends every packet or counts why not. The packets' memory is the caller's again on return.
  virtual void send(std::span<Packet* const> burst, WorkerCounters& counters) = 0;

  // Called whenever the tick has changed, before packets are sent: the time to take notice of what else has changed.
  virtual void follow(Tick) {}
  // A descriptor that poll() finds readable when there is something to take notice of; -1: none.
  virtual int descriptor() const { return -1; }
};

}  // namespace uipvs
