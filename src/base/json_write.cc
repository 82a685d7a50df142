#include <charconv>
#include <cmath>

#include "base/json.h"
#include "base/text.h"

namespace burin {
namespace json_write_detail {

/// What to do with a byte inside a string literal: 0 copy, 1 look at the UTF-8 sequence, 'u' hex escape, else `\` + it.
constexpr std::array<char, 256> kClass = [] {
  std::array<char, 256> out{};
  for (std::size_t c = 0; c < 0x20; ++c) out[c] = 'u';
  for (std::size_t c = 0x80; c < 0x100; ++c) out[c] = 1;
  out['"'] = '"';
  out['\\'] = '\\';
  out['\b'] = 'b';
  out['\f'] = 'f';
  out['\n'] = 'n';
  out['\r'] = 'r';
  out['\t'] = 't';
  return out;
}();

void escape(std::string& out, char c, char how) {
  out += '\\';
  out += how;
  if (how == 'u') {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto b = static_cast<unsigned char>(c);
    out += "00";
    out += digits[b >> 4];
    out += digits[b & 15];
  }
}

template <class T>
void write_number(std::string& out, T value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  out.append(buffer.data(), end);
}

/// Containers and scalars. `Pretty` is serde_json's layout with two spaces.
template <bool Pretty>
struct Writer {
  std::string& out;
  std::size_t level = 0;

  void line() {
    if constexpr (Pretty) {
      out += '\n';
      out.append(level * 2, ' ');
    }
  }

  void object(const json::object& o) {
    out += '{';
    ++level;
    bool first = true;
    for (const auto& member : o) {
      if (!std::exchange(first, false)) out += ',';
      line();
      write_json_string(out, {member.key().data(), member.key().size()});
      out += Pretty ? ": " : ":";
      value(member.value());
    }
    --level;
    if (!first) line();
    out += '}';
  }

  void array(const json::array& a) {
    out += '[';
    ++level;
    bool first = true;
    for (const auto& element : a) {
      if (!std::exchange(first, false)) out += ',';
      line();
      value(element);
    }
    --level;
    if (!first) line();
    out += ']';
  }

  void value(const json::value& v) {
    switch (v.kind()) {
      case json::kind::null:
        out += "null";
        break;
      case json::kind::bool_:
        out += v.get_bool() ? "true" : "false";
        break;
      case json::kind::int64:
        write_number(out, v.get_int64());
        break;
      case json::kind::uint64:
        write_number(out, v.get_uint64());
        break;
      case json::kind::double_:
        write_json_double(out, v.get_double());
        break;
      case json::kind::string:
        write_json_string(out, view(v.get_string()));
        break;
      case json::kind::array:
        array(v.get_array());
        break;
      case json::kind::object:
        object(v.get_object());
        break;
    }
  }
};

}  // namespace json_write_detail

void write_json_string(std::string& out, std::string_view text) {
  out += '"';
  const char* const data = text.data();
  const std::size_t size = text.size();
  std::size_t run = 0, at = 0;  // [run, at) is to be copied as it is
  while (at < size) {
    const char how = json_write_detail::kClass[static_cast<unsigned char>(data[at])];
    if (how == 0) {
      ++at;
    } else if (how == 1) {
      std::size_t next = at;
      const auto point = next_code_point(text, next);
      if (point == 0xFFFD && text.substr(at, next - at) != "\xEF\xBF\xBD") {
        out.append(data + run, at - run);
        out += "\xEF\xBF\xBD";
        run = next;
      }
      at = next;
    } else {
      out.append(data + run, at - run);
      json_write_detail::escape(out, data[at], how);
      run = ++at;
    }
  }
  out.append(data + run, size - run);
  out += '"';
}

void write_json_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  if (value == 0) {
    out += std::signbit(value) ? "-0.0" : "0.0";
    return;
  }
  // The layout is that of the Rust library ryu, which the reference prints with: plain for 1e-5 <= |x| < 1e16.
  std::array<char, 32> buffer;
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific).ptr;
  std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  if (text.starts_with('-')) {
    out += '-';
    text.remove_prefix(1);
  }
  const auto e = text.find('e');
  int exponent = 0;
  const char* digits_of_exponent = text.data() + e + 1 + (text[e + 1] == '+' ? 1 : 0);
  std::from_chars(digits_of_exponent, text.data() + text.size(), exponent);
  std::string digits(1, text[0]);
  if (e > 2) digits.append(text, 2, e - 2);
  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // the decimal point stands after this many digits
  if (point >= count && point <= 16) {
    out += digits;
    out.append(static_cast<std::size_t>(point - count), '0');
    out += ".0";
  } else if (point > 0 && point <= 16) {
    out.append(digits, 0, static_cast<std::size_t>(point));
    out += '.';
    out.append(digits, static_cast<std::size_t>(point));
  } else if (point > -5 && point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else {
    out += digits[0];
    if (count > 1) {
      out += '.';
      out.append(digits, 1);
    }
    out += 'e';
    json_write_detail::write_number(out, exponent);
  }
}

void write_json(std::string& out, const json::value& value) { json_write_detail::Writer<false>{out}.value(value); }

std::string dump(const json::value& value) {
  std::string out;
  write_json(out, value);
  return out;
}

std::string dump_pretty(const json::value& value) {
  std::string out;
  json_write_detail::Writer<true>{out}.value(value);
  return out;
}

}  // namespace burin
