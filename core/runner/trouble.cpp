#include "core/runner/trouble.h"

#include <fmt/format.h>

#include <filesystem>
#include <new>
#include <system_error>

namespace athanor::runner {
namespace {

Error of_file_system(const std::filesystem::filesystem_error& error, const std::string& intention) {
  const std::string place = error.path1().empty() ? std::string() : error.path1().string() + ": ";
  return {ErrorKind::io, intention, place + error.code().message(), "look after that file or folder and try again"};
}

}  // namespace

Error error_of(const std::exception_ptr& thrown, const std::string& intention) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Failure& failure) {
    return failure.error();
  } catch (const std::bad_alloc&) {
    return {ErrorKind::out_of_memory, intention, "the machine has no memory left",
            "lower data.batch_size or the model's widths"};
  } catch (const std::filesystem::filesystem_error& error) {
    return of_file_system(error, intention);
  } catch (const std::system_error& error) {
    return {ErrorKind::io, intention, fmt::format("the system refused: {}", error.what()),
            "close other programs and try again"};
  } catch (const std::exception& error) {
    return {ErrorKind::internal, intention, error.what(), "please report this with the command you used"};
  } catch (...) {
    return {ErrorKind::internal, intention, "something unknown was thrown",
            "please report this with the command you used"};
  }
}

}  // namespace athanor::runner
