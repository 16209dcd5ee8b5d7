// Steps over links that are slow.
#pragma once

#include <cstdint>
#include <string>

namespace athanor::bench {

struct LinkSetup {
  std::string prefix;  // of the namespaces that tests/support/net/slow_links.sh has made
  int ranks = 2;       // one in each
  double megabits = 1000;
  std::int64_t numbers = 4 << 20;
  int rounds = 7;
};

// Prints the time of one exchange in each format, taking turns; false where a rank has failed.
bool measure_link(const LinkSetup& setup);

}  // namespace athanor::bench
