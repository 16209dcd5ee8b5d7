#include "core/agent/machine.h"
#include "core/observe/gpu_list.h"

#include <cstdlib>
#include <sstream>

namespace athanor::agent {

// Those that CUDA_VISIBLE_DEVICES lists, where it is set; it says how runs are to name them, too.
std::vector<std::string> usable_gpus() {
  std::vector<std::string> there = observe::gpu_ids();
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  if (there.empty() || visible == nullptr) return there;
  std::vector<std::string> listed;
  std::istringstream words{std::string(visible)};
  for (std::string word; std::getline(words, word, ',') && word != "-1" && !word.empty();) listed.push_back(word);
  return listed;
}

}  // namespace athanor::agent
