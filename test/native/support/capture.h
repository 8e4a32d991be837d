// Captures that are kept beside the tests, and captures that a test makes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/memory_io.h"

namespace uipvs::test {

// A file of test/native/io/captures; the tests run in the repository's root.
std::vector<uint8_t> kept_capture(const std::string& name);

// All packets of a capture, which must be whole.
std::vector<MemoryPacket> packets_of(const std::vector<uint8_t>& capture);

struct CaptureForm {
  bool is_big_endian = false;
  bool has_nanoseconds = false;
  uint32_t link_type = 1;
};

// A capture without records, and a record of second 1 and fraction 2; `original_bytes` 0: as many as are there.
std::vector<uint8_t> capture_header(const CaptureForm& form);
void append_record(std::vector<uint8_t>& capture, const CaptureForm& form, const std::vector<uint8_t>& frame,
                   uint32_t original_bytes = 0);

}  // namespace uipvs::test
