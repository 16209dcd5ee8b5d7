#include "core/runner/trouble.h"

#include <algorithm>
#include <filesystem>
#include <new>
#include <system_error>

namespace athanor::runner {
namespace {

// Libraries end their texts with line breaks; a cause is part of a sentence.
std::string one_line(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  while (!text.empty() && (text.back() == ' ' || text.back() == '.')) text.pop_back();
  return text;
}

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
    return {ErrorKind::io, intention, "the system refused: " + one_line(error.what()),
            "close other programs and try again"};
  } catch (const std::exception& error) {
    return {ErrorKind::internal, intention, one_line(error.what()), "please report this with the command you used"};
  } catch (...) {
    return {ErrorKind::internal, intention, "something unknown was thrown",
            "please report this with the command you used"};
  }
}

}  // namespace athanor::runner
