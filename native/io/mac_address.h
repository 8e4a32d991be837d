#pragma once

#include <array>
#include <cstdint>

namespace uipvs {

using MacAddress = std::array<uint8_t, 6>;

}  // namespace uipvs
