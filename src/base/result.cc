#include "base/result.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace burin {

std::string Error::text() const {
  std::string out = what;
  for (auto c = cause.get(); c != nullptr; c = c->cause.get()) out += ": " + c->what;
  return out;
}

std::string Error::reason() const { return sys != 0 ? os_error_text(sys) : text(); }

std::string os_error_text(int sys) { return fmt::format("{} (os error {})", std::strerror(sys), sys); }

namespace {
Kind kind_of(int sys) {
  switch (sys) {
    case ENOENT:
    case ENOTDIR:
      return Kind::not_found;
    case EACCES:
    case EPERM:
    case EROFS:
      return Kind::denied;
    case ETIMEDOUT:
      return Kind::timeout;
    case EEXIST:
    case EBUSY:
    case EWOULDBLOCK:
      return Kind::conflict;
    case EINVAL:
    case EILSEQ:
    case EISDIR:
      return Kind::invalid;
    default:
      return Kind::unavailable;
  }
}
}  // namespace

Fail fail_errno(int sys, std::string what) {
  return Fail(Error{.kind = kind_of(sys), .what = fmt::format("{}: {}", what, os_error_text(sys)), .sys = sys});
}

Fail wrap(Error cause, std::string what, std::string fix) {
  Error e{.kind = cause.kind, .what = std::move(what), .fix = std::move(fix), .sys = cause.sys};
  e.cause = std::make_shared<const Error>(std::move(cause));
  return Fail(std::move(e));
}

}  // namespace burin
