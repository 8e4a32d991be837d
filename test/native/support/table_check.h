// Whether a rig's table, its index and its counts say the same.
#pragma once

#include "support/rig.h"

namespace uipvs::test {

// What does not agree, or null: the destinations' counts with the records, each controller's count with the connections
// that name it, the index with what the records ask for.
const char* find_disagreement(const Rig& rig);

}  // namespace uipvs::test
