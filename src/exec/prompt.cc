#include "exec/prompt.h"

#include "base/text.h"
#include "exec/output.h"
#include "io/stdio.h"

namespace burin::exec {

namespace prompt_detail {

Result<std::string> from_utf16(std::string_view bytes, bool big) {
  auto bad = [] {
    return fail(Kind::invalid, "Input appears to be UTF-16 but could not be decoded. Convert it to UTF-8 and retry.");
  };
  if (bytes.size() % 2 != 0) return bad();
  auto unit = [&](std::size_t i) -> char32_t {
    auto a = static_cast<unsigned char>(bytes[i]), b = static_cast<unsigned char>(bytes[i + 1]);
    return big ? static_cast<char32_t>(a << 8 | b) : static_cast<char32_t>(b << 8 | a);
  };
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    char32_t c = unit(i);
    if (c >= 0xD800 && c < 0xDC00) {
      if (i + 3 >= bytes.size()) return bad();
      char32_t low = unit(i + 2);
      if (low < 0xDC00 || low > 0xDFFF) return bad();
      c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
      i += 2;
    } else if (c >= 0xDC00 && c <= 0xDFFF) {
      return bad();
    }
    append_code_point(out, c);
  }
  return out;
}

}  // namespace prompt_detail

Result<std::string> decode_prompt(std::string bytes) {
  std::string_view b = bytes;
  using namespace std::string_view_literals;
  if (b.starts_with("\xFF\xFE\0\0"sv) || b.starts_with("\0\0\xFE\xFF"sv)) {
    return fail(Kind::invalid, "Input appears to be UTF-32. Convert it to UTF-8 and retry.");
  }
  if (b.starts_with("\xFF\xFE"sv)) return prompt_detail::from_utf16(b.substr(2), false);
  if (b.starts_with("\xFE\xFF"sv)) return prompt_detail::from_utf16(b.substr(2), true);
  if (b.starts_with("\xEF\xBB\xBF"sv)) bytes.erase(0, 3);
  if (!utf8_valid(bytes)) {
    return fail(Kind::invalid, "Input is not valid UTF-8. Convert it to UTF-8 and retry.");
  }
  return bytes;
}

io::Task<Result<std::string>> read_prompt(std::optional<std::string> argument, Out& err) {
  if (argument && *argument != "-") co_return *argument;
  if (!argument) {
    if (io::is_terminal(0)) {
      co_return fail(Kind::invalid,
                     "No prompt provided. Either specify one as an argument or pipe the prompt into stdin.");
    }
    err.write("Reading prompt from stdin...\n");
  }
  CO_TRY(auto bytes, co_await io::read_to_end(0));
  CO_TRY(auto text, decode_prompt(std::move(bytes)));
  if (blank(text)) co_return fail(Kind::invalid, "No prompt provided via stdin.");
  co_return text;
}

}  // namespace burin::exec
