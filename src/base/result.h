// Errors as values.
//
// A function that can fail in a way that a caller may act on returns Result<T>. Callers switch on `kind`; people read
// `what` (what failed, on what) and `fix` (what to do about it). Exceptions are for bugs only, and end at the loop; the
// one exception to that is io::Cancelled, which unwinds a cancelled coroutine.
#pragma once
#include <memory>
#include <string>

#include <tl/expected.hpp>

namespace burin {

enum class Kind : unsigned char { invalid, not_found, denied, timeout, unavailable, conflict, unsupported, internal };

struct Error {
  Kind kind = Kind::internal;
  std::string what;   // one sentence for people, naming the thing that failed
  std::string fix{};  // what the user can do; may be empty
  int sys = 0;        // errno of the system call behind it, 0 when there is none
  std::shared_ptr<const Error> cause{};

  /// `what`, then the causes' texts, joined by ": ".
  std::string text() const;
  /// Only why, without what: the system's words if a system call failed, else text().
  std::string reason() const;
};

template <class T = void>
using Result = tl::expected<T, Error>;
using Fail = tl::unexpected<Error>;

/// `return fail(Kind::invalid, "model: expected a string")`.
inline Fail fail(Kind kind, std::string what, std::string fix = {}) {
  return Fail(Error{.kind = kind, .what = std::move(what), .fix = std::move(fix)});
}
/// An error from errno: `what` becomes "<what>: <system text> (os error N)".
Fail fail_errno(int sys, std::string what);
/// Wraps `cause` below a new sentence, keeping its kind.
Fail wrap(Error cause, std::string what, std::string fix = {});
/// "No such file or directory (os error 2)": the form that users of the reference know.
std::string os_error_text(int sys);

}  // namespace burin

#define BURIN_CAT_(a, b) a##b
#define BURIN_CAT(a, b) BURIN_CAT_(a, b)
#define BURIN_TRY_(ret, tmp, decl, ...)                           \
  auto&& tmp = (__VA_ARGS__);                                     \
  if (!tmp) [[unlikely]]                                          \
    ret ::tl::unexpected<::burin::Error>(std::move(tmp).error()); \
  decl = *std::move(tmp)
#define BURIN_CHECK_(ret, ...)                     \
  if (auto&& r_ = (__VA_ARGS__); !r_) [[unlikely]] \
  ret ::tl::unexpected<::burin::Error>(std::move(r_).error())
/// TRY(auto x, expr): binds the value, or returns the error. CHECK(expr) is the form for Result<void>.
#define TRY(decl, ...) BURIN_TRY_(return, BURIN_CAT(try_, __COUNTER__), decl, __VA_ARGS__)
#define CO_TRY(decl, ...) BURIN_TRY_(co_return, BURIN_CAT(try_, __COUNTER__), decl, __VA_ARGS__)
#define CHECK(...) BURIN_CHECK_(return, __VA_ARGS__)
#define CO_CHECK(...) BURIN_CHECK_(co_return, __VA_ARGS__)
