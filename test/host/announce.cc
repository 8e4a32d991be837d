// Test instrument: announces an address on a device once, as the data plane's addon does.
// usage: announce DEVICE ADDRESS
#include "io/announce.h"

#include <arpa/inet.h>

#include <cstdio>
#include <cstring>

#include "core/bytes.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const bool is_ipv6 = std::strchr(argv[2], ':') != nullptr;
  uint8_t bytes[16];
  if (inet_pton(is_ipv6 ? AF_INET6 : AF_INET, argv[2], bytes) != 1) return 2;
  uipvs::Address address;
  for (int i = 0; i < (is_ipv6 ? 4 : 1); ++i) address.words[i] = uipvs::load_be32(bytes + 4 * i);
  const auto family = is_ipv6 ? uipvs::Family::ipv6 : uipvs::Family::ipv4;
  const int refused = uipvs::announce_on(argv[1], family, address);
  if (refused != 0) std::fprintf(stderr, "announce: %s\n", std::strerror(-refused));
  return refused == 0 ? 0 : 1;
}
