#include "agent/ledger.h"

#include <algorithm>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "wire/item.h"

namespace burin::agent {

namespace ledger_detail {

constexpr std::string_view reason(Ledger::Change change) {
  constexpr std::string_view names[] = {"", "resume", "compaction", "trimmed to fit", "rollback", "image replaced"};
  return names[static_cast<std::size_t>(change)];
}

/// The whole text of an item, as far as it has one.
std::string text_in(const wire::ResponseItem& item) {
  auto output = [](const wire::FunctionOutput& body) {
    return body.text() != nullptr ? *body.text() : wire::text_of(*body.items());
  };
  if (const auto* m = std::get_if<wire::Message>(&item)) return wire::text_of(m->content);
  if (const auto* c = std::get_if<wire::FunctionCall>(&item)) return c->arguments;
  if (const auto* c = std::get_if<wire::CustomToolCall>(&item)) return c->input;
  if (const auto* o = std::get_if<wire::FunctionCallOutput>(&item)) return output(o->output);
  if (const auto* o = std::get_if<wire::CustomToolCallOutput>(&item)) return output(o->output);
  return {};
}

std::string_view name_in(const wire::ResponseItem& item) {
  if (const auto* c = std::get_if<wire::FunctionCall>(&item)) return c->name;
  if (const auto* c = std::get_if<wire::CustomToolCall>(&item)) return c->name;
  return wire::role_of(item);
}

}  // namespace ledger_detail

using namespace ledger_detail;

std::string excerpt(std::string_view text, std::size_t limit) {
  auto head = first_code_points(text, limit);
  std::string out(head);
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return head.size() < text.size() ? out + "…" : out;
}

std::string brief(std::string_view item_json) {
  constexpr std::size_t limit = 60;
  auto document = parse_json(item_json);
  auto item = document ? wire::read_item(*document) : Result<wire::ResponseItem>(tl::unexpected(document.error()));
  if (!item) return "unreadable item";
  std::string out(wire::item_type(*item));
  for (auto part : {name_in(*item), wire::call_id_of(*item)}) {
    if (!part.empty()) out += fmt::format(" {}", part);
  }
  auto text = text_in(*item);
  return text.empty() ? out : fmt::format("{}, \"{}\"", out, excerpt(text, limit));
}

void Ledger::keep(std::string path, bool resumed) {
  path_ = std::move(path);
  unread_ = resumed;
}

Ledger::Request Ledger::begin(RequestKind kind, const std::string& turn_id, const model::TurnSettings& settings) {
  Request out;
  if (path_.empty()) return out;
  out.ledger_ = this;
  out.line_.time = io::utc_ms_text(world_.clock.now_ms());
  out.line_.turn = turn_id;
  out.line_.kind = kind;
  out.line_.model = settings.model.slug;
  // A remote compaction is asked for without one.
  if (kind != RequestKind::remote_compact) out.line_.effort = model::effective_effort(settings);
  return out;
}

Ledger::Request& Ledger::Request::operator=(Request&& other) noexcept {
  finish(Outcome::interrupted);
  ledger_ = std::exchange(other.ledger_, nullptr);
  line_ = std::move(other.line_);
  return *this;
}

io::Task<> Ledger::Request::sent(std::vector<std::uint64_t> digests, const model::Prompt& prompt) {
  if (ledger_ == nullptr) co_return;
  co_await ledger_->recall();
  for (auto i = digests.size(); i < prompt.input.size(); ++i) digests.push_back(hash64(prompt.input[i]));
  SentRequest now{line_.model, digest_text(hash64(prompt.instructions)), digest_text(hash64(prompt.tools)),
                  prompt.output_schema != nullptr ? digest_text(hash64(dump(*prompt.output_schema))) : "",
                  std::move(digests)};
  line_.sent = ledger_->describe(line_.kind, std::move(now), prompt.input);
}

void Ledger::Request::saw(const wire::ModelEvent& event) {
  if (const auto* served = std::get_if<wire::ServerModel>(&event)) {
    line_.served = served->model;
  } else if (const auto* completed = std::get_if<wire::Completed>(&event)) {
    line_.usage = completed->usage;
    finish(Outcome::completed);
  }
}

void Ledger::Request::failed(const std::string& reason) {
  line_.error = reason;
  finish(Outcome::failed);
}

void Ledger::Request::finish(Outcome outcome) {
  auto* ledger = std::exchange(ledger_, nullptr);
  if (ledger == nullptr) return;
  line_.outcome = outcome;
  ledger->write(line_);
}

/// With the last turn request; a compaction may as well continue an earlier attempt of its own.
std::optional<Ledger::Comparison> Ledger::compare(RequestKind kind, const SentRequest& now) {
  std::optional<Comparison> result;
  for (auto base : {RequestKind::turn, kind}) {
    const auto& before = last_of(last_, base);
    if (!before || (result && (result->ok() || result->base == base))) continue;
    Comparison c{.base = base};
    if (before->model != now.model) c.before.emplace_back("model");
    if (before->instructions != now.instructions) c.before.emplace_back("instructions");
    if (before->schema != now.schema) c.before.emplace_back("schema");
    if (before->tools != now.tools) c.before.emplace_back("tools");
    auto shorter = std::min(before->items.size(), now.items.size());
    auto end = before->items.begin() + static_cast<std::ptrdiff_t>(shorter);
    c.same = static_cast<std::size_t>(std::mismatch(before->items.begin(), end, now.items.begin()).first -
                                      before->items.begin());
    c.items_differ = c.same < shorter;
    if (!result || c.ok()) result = std::move(c);
  }
  return result;
}

/// The line's account of an input, which becomes the one that later requests are compared with.
SentInput Ledger::describe(RequestKind kind, SentRequest now, const std::vector<std::string_view>& input) {
  SentInput out{.items = now.items.size(), .instructions = now.instructions, .tools = now.tools};
  if (!now.schema.empty()) out.schema = now.schema;
  if (auto c = compare(kind, now)) {
    out.base = c->base;
    if (!whole_) out.same = c->same;
    if (!c->ok()) {
      auto& broken = out.broken.emplace();
      broken.before = std::move(c->before);
      if (c->items_differ) {
        broken.item = c->same;
        broken.is = brief(input[c->same]);
        if (change_ != Change::none) broken.why = reason(change_);
      }
    }
  }
  whole_ = false;
  // What happened is explained once turns have got over it.
  if (kind == RequestKind::turn) change_ = Change::none;
  out.added.reserve((now.items.size() - out.same) * 16);
  for (auto i = out.same; i < now.items.size(); ++i) out.added += digest_text(now.items[i]);
  last_of(last_, kind) = std::move(now);
  return out;
}

Ledger::Recalled Ledger::read(io::Files& files, const std::string& path) {
  auto file = read_ledger(files, path);
  if (!file) {
    if (file.error().kind != Kind::not_found) log(Level::warn, "ledger", "{}", file.error().text());
    return {};
  }
  if (file->skipped > 0) log(Level::warn, "ledger", "{}: {} lines cannot be read", path, file->skipped);
  return {last_requests(file->lines), file->lines.empty() ? 1 : file->lines.back().n + 1, file->torn};
}

void Ledger::adopt(Recalled recalled) {
  unread_ = false;
  last_ = std::move(recalled.last);
  next_ = recalled.next;
  torn_ = recalled.torn;
  if (change_ == Change::none) change_ = Change::resume;
}

io::Task<> Ledger::recall() {
  if (!unread_) co_return;
  auto recalled = co_await io::offload(world_.pool, [this] { return read(world_.files, path_); });
  adopt(std::move(recalled));
}

void Ledger::write(LedgerLine& line) {
  if (unread_) adopt(read(world_.files, path_));
  line.n = next_++;
  auto done = append(line);
  if (done) {
    failing_ = false;
    return;
  }
  whole_ = true;
  if (!std::exchange(failing_, true)) {
    log(Level::warn, "ledger", "requests are not kept for now: {}", done.error().text());
  }
}

Result<> Ledger::append(const LedgerLine& line) {
  if (!file_) {
    CHECK(world_.files.make_dirs(std::string(path::parent(path_)), 0700));
    TRY(file_, world_.files.open_append(path_, true, 0600));
  }
  std::string text = torn_ ? "\n" : "";
  write_mapped(text, line);
  text += '\n';
  auto done = file_->append(text);
  torn_ = !done && (torn_ || file_->written() > 0);
  if (!done) file_.reset();
  return done;
}

}  // namespace burin::agent
