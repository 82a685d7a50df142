#include "base/text.h"

namespace burin::path {
namespace path_detail {

std::string_view without_trailing_slashes(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

}  // namespace path_detail

bool is_absolute(std::string_view path) { return path.starts_with('/'); }

std::string join(std::string_view base, std::string_view rest) {
  if (is_absolute(rest) || base.empty()) return std::string(rest);
  std::string out(base);
  if (!out.ends_with('/')) out += '/';
  out += rest;
  return out;
}

std::string normal(std::string_view path) {
  const bool absolute = is_absolute(path);
  std::vector<std::string_view> parts;
  for (const auto part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (!absolute) {
      parts.push_back(part);
    }
  }
  std::string out = absolute ? "/" : "";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += '/';
    out += parts[i];
  }
  if (out.empty() && !path.empty()) out = ".";
  return out;
}

std::string_view parent(std::string_view path) {
  path = path_detail::without_trailing_slashes(path);
  const auto at = path.rfind('/');
  if (at == std::string_view::npos || path.size() == 1) return {};
  return at == 0 ? path.substr(0, 1) : path_detail::without_trailing_slashes(path.substr(0, at));
}

std::string_view name(std::string_view path) {
  path = path_detail::without_trailing_slashes(path);
  if (path == "/") return {};
  const auto at = path.rfind('/');
  return at == std::string_view::npos ? path : path.substr(at + 1);
}

bool contains(std::string_view outer, std::string_view inner) {
  if (!inner.starts_with(outer)) return false;
  return inner.size() == outer.size() || outer.ends_with('/') || inner[outer.size()] == '/';
}

}  // namespace burin::path
