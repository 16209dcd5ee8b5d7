#include "core/runner/output.h"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <string>
#include <system_error>
#include <unistd.h>

namespace athanor::runner {

void print_line(std::string_view line) {
  std::string rest(line);
  rest += '\n';
  for (std::size_t done = 0; done < rest.size();) {
    const ssize_t count = ::write(STDOUT_FILENO, rest.data() + done, rest.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EPIPE) return;
    if (count < 0) {
      throw Failure(ErrorKind::io, "write the result to standard output", std::generic_category().message(errno),
                    "Send it to a place that has room");
    }
    done += static_cast<std::size_t>(count);
  }
}

std::string error_json(const Error& error) {
  const nlohmann::json out = {{"error",
                               {{"kind", to_string(error.kind)},
                                {"intention", error.intention},
                                {"cause", error.cause},
                                {"remedy", error.remedy}}}};
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace athanor::runner
