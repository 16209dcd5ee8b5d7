// Errors as values: what was intended, what went wrong, what to do. One header serves kernels, engine and programs.
#pragma once

#include <exception>
#include <string>
#include <utility>

namespace athanor {

// What kind of thing went wrong; it decides the exit status and whether trying again can help.
enum class ErrorKind {
  invalid_input,  // a file, argument or recipe is wrong: correct it (exit 2)
  unavailable,    // this build or machine lacks something, or may not be written to: see the remedy (exit 3)
  corrupt,        // stored data does not match its digest: restore or rebuild it (exit 4)
  out_of_memory,  // an allocation failed: make the named field smaller (exit 1)
  io,             // the operating system refused: the disk is full or at fault (exit 1)
  numeric,        // a value is not finite (exit 1)
  communication,  // a peer is lost or a deadline passed: rebuild the group (exit 1)
  cancelled,      // somebody asked to stop (exit 130)
  internal,       // a fault of ours: please report it (exit 1)
};

struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string intention;  // "read the checkpoint runs/a/checkpoints/step-400"
  std::string cause;      // "its digest does not match"
  std::string remedy;     // "resume from step 300, which is whole"; may be empty

  // One sentence or two: "Could not <intention>: <cause>. <Remedy>."
  [[nodiscard]] std::string message() const;
};

// The exception that carries an Error out of deep code. Thrown by kernels and engine, caught by programs.
class Failure : public std::exception {
 public:
  explicit Failure(Error error) : error_(std::move(error)), text_(error_.message()) {}
  Failure(ErrorKind kind, std::string intention, std::string cause, std::string remedy = {})
      : Failure(Error{kind, std::move(intention), std::move(cause), std::move(remedy)}) {}

  [[nodiscard]] const Error& error() const noexcept { return error_; }
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  Error error_;
  std::string text_;
};

[[nodiscard]] const char* to_string(ErrorKind kind) noexcept;
// The process exit status that the command line promises for this kind.
[[nodiscard]] int exit_status(ErrorKind kind) noexcept;

}  // namespace athanor
