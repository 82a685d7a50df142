#include "io/power_files.h"

#include <cerrno>

#include <fmt/format.h>

namespace burin::io {

namespace power_files_detail {

std::string folder_of(const std::string& path) {
  auto slash = path.find_last_of('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace power_files_detail

using namespace power_files_detail;

/// How one cut treats what was not synced: some lose all, some nothing, most something.
struct PowerFiles::Weather {
  explicit Weather(std::uint64_t seed) : random(seed) {
    kept = std::array{0u, 100u, 50u, 80u, 20u}[below(5)];
    sector = below(2) == 0 ? 512 : 4096;
    noisy = below(4) == 0;
  }
  std::uint64_t below(std::uint64_t n) { return random() % n; }
  bool keeps() { return below(100) < kept; }
  char stale() { return noisy ? static_cast<char>(random()) : '\0'; }

  std::mt19937_64 random;
  unsigned kept;  // percent
  std::size_t sector;
  bool noisy;  // lost sectors hold bytes of deleted files instead of zeros
};

class PowerFiles::File : public AppendFile {
 public:
  File(PowerFiles* owner, std::unique_ptr<AppendFile> inner, Entry content, std::string path)
      : owner_(owner),
        epoch_(owner->epoch_),
        inner_(std::move(inner)),
        content_(std::move(content)),
        path_(std::move(path)) {}

  Result<> append(std::string_view bytes) override {
    CHECK(alive());
    TRY(auto at, inner_->size());
    content_->changes.push_back({.at = at, .bytes = std::string(bytes)});
    return inner_->append(bytes);
  }
  std::size_t written() const override { return inner_->written(); }
  Result<> sync() override {
    CHECK(alive());
    auto& changes = content_->changes;
    for (const auto& change : changes) apply(content_->stable, change);
    changes.clear();
    return {};
  }
  Result<std::uint64_t> size() override {
    CHECK(alive());
    return inner_->size();
  }
  Result<std::uint64_t> inode() override {
    CHECK(alive());
    return inner_->inode();
  }
  Result<> truncate(std::uint64_t size) override {
    CHECK(alive());
    content_->changes.push_back({.at = size, .bytes = {}, .truncates = true});
    return inner_->truncate(size);
  }
  Result<std::string> read_at(std::uint64_t offset, std::size_t count) override {
    CHECK(alive());
    return inner_->read_at(offset, count);
  }
  Result<> lock() override {
    CHECK(alive());
    return inner_->lock();
  }

 private:
  Result<> alive() const {
    if (epoch_ == owner_->epoch_) return {};
    return fail_errno(EIO, fmt::format("{} was open when the power failed", path_));
  }

  PowerFiles* owner_;
  std::uint64_t epoch_;
  std::unique_ptr<AppendFile> inner_;
  Entry content_;
  std::string path_;
};

bool PowerFiles::NameChange::in_folder(std::string_view folder) const {
  return (gone && folder_of(*gone) == folder) || (made && folder_of(*made) == folder);
}

bool PowerFiles::NameChange::shares(const std::set<std::string>& names) const {
  return (gone && names.contains(*gone)) || (made && names.contains(*made));
}

void PowerFiles::NameChange::add_to(std::set<std::string>& names) const {
  if (gone) names.insert(*gone);
  if (made) names.insert(*made);
}

/// Where the name stands, whether it exists or not: the path without symlinks but for the last piece.
std::string PowerFiles::place(const std::string& path) {
  auto folder = canonical(folder_of(path));
  return (folder && *folder != "/" ? *folder : "") + path.substr(path.find_last_of('/'));
}

/// What the name leads to.
std::string PowerFiles::target(const std::string& path) {
  auto whole = canonical(path);
  return whole ? *whole : place(path);
}

PowerFiles::Entry PowerFiles::file_at(const std::string& path) {
  auto it = live_.find(target(path));
  return it == live_.end() ? nullptr : it->second;
}

void PowerFiles::made(std::string path, Entry entry) {
  live_[path] = entry;
  names_.push_back({.gone = {}, .made = std::move(path), .entry = std::move(entry)});
}

void PowerFiles::apply(const NameChange& change) {
  if (change.gone) stable_.erase(*change.gone);
  if (change.made) stable_[*change.made] = change.entry;
}

void PowerFiles::apply(std::string& bytes, const Change& change) {
  auto end = static_cast<std::size_t>(change.at) + change.bytes.size();
  if (change.truncates || bytes.size() < end) bytes.resize(end);
  bytes.replace(static_cast<std::size_t>(change.at), change.bytes.size(), change.bytes);
}

Result<> PowerFiles::write(const std::string& path, std::string_view bytes, std::uint32_t mode) {
  CHECK(MemFiles::write(path, bytes, mode));
  auto entry = file_at(path);
  if (entry == nullptr) made(target(path), entry = std::make_shared<Content>());
  entry->changes.push_back({.at = 0, .bytes = {}, .truncates = true});
  entry->changes.push_back({.at = 0, .bytes = std::string(bytes)});
  return {};
}

Result<> PowerFiles::write_atomic(const std::string& path, std::string_view bytes, std::uint32_t mode) {
  CHECK(MemFiles::write_atomic(path, bytes, mode));
  made(place(path), std::make_shared<Content>(Content{std::string(bytes), {}}));
  return sync_dir(folder_of(path));
}

Result<std::unique_ptr<AppendFile>> PowerFiles::open_append(const std::string& path, bool create, std::uint32_t mode) {
  TRY(auto inner, MemFiles::open_append(path, create, mode));
  auto entry = file_at(path);
  if (entry == nullptr) made(target(path), entry = std::make_shared<Content>());
  return std::make_unique<File>(this, std::move(inner), std::move(entry), path);
}

Result<> PowerFiles::make_dirs(const std::string& path, std::uint32_t mode) {
  CHECK(MemFiles::make_dirs(path, mode));
  auto whole = target(path);
  for (std::size_t slash = 0; slash != std::string::npos;) {
    slash = whole.find('/', slash + 1);
    auto folder = whole.substr(0, slash);
    if (folder != "/" && !live_.contains(folder)) made(folder, nullptr);
  }
  return {};
}

/// Makes the changes of names in a folder durable, with what they stand upon.
Result<> PowerFiles::sync_dir(const std::string& path) {
  CHECK(MemFiles::sync_dir(path));
  auto folder = target(path);
  std::set<std::string> needed;
  std::vector<bool> durable(names_.size());
  for (auto i = names_.size(); i-- > 0;) {
    durable[i] = names_[i].in_folder(folder) || names_[i].shares(needed);
    if (durable[i]) names_[i].add_to(needed);
  }
  std::vector<NameChange> rest;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (durable[i]) {
      apply(names_[i]);
    } else {
      rest.push_back(std::move(names_[i]));
    }
  }
  names_ = std::move(rest);
  return {};
}

void PowerFiles::moved(std::string from, std::string to) {
  auto entry = live_.extract(from).mapped();
  live_[to] = entry;
  names_.push_back({.gone = std::move(from), .made = std::move(to), .entry = std::move(entry)});
}

Result<> PowerFiles::rename(const std::string& from, const std::string& to) {
  auto old = place(from), now = place(to);
  CHECK(MemFiles::rename(from, to));
  std::vector<std::string> inside;
  for (const auto& [path, entry] : live_) {
    if (path == old || path.starts_with(old + "/")) inside.push_back(path);
  }
  for (auto& path : inside) moved(path, now + path.substr(old.size()));
  return {};
}

Result<> PowerFiles::remove(const std::string& path) {
  auto name = place(path);
  CHECK(MemFiles::remove(path));
  if (live_.erase(name) > 0) names_.push_back({.gone = std::move(name), .made = {}, .entry = {}});
  return {};
}

Result<> PowerFiles::remove_tree(const std::string& path) {
  auto top = place(path);
  CHECK(MemFiles::remove_tree(path));
  std::erase_if(live_, [&](const auto& entry) {
    bool inside = entry.first == top || entry.first.starts_with(top + "/");
    if (inside) names_.push_back({.gone = entry.first, .made = {}, .entry = {}});
    return inside;
  });
  return {};
}

Result<std::unique_ptr<FileLock>> PowerFiles::lock(const std::string& path) {
  TRY(auto held, MemFiles::lock(path));
  if (file_at(path) == nullptr) made(place(path), std::make_shared<Content>());
  return held;
}

Result<std::string> PowerFiles::make_temp_dir(const std::string& prefix) {
  TRY(auto path, MemFiles::make_temp_dir(prefix));
  made(place(path), nullptr);
  return path;
}

void PowerFiles::settle() {
  names_.clear();
  stable_ = live_;
  for (const auto& [path, entry] : live_) {
    if (entry == nullptr) continue;
    entry->stable = *read(path);
    entry->changes.clear();
  }
}

/// What a reader finds in a file after the cut.
std::string PowerFiles::torn(const Content& content, Weather& weather) {
  const auto& old = content.stable;
  auto reached = content.changes.size();
  if (weather.kept == 0) reached = 0;
  if (weather.kept > 0 && weather.kept < 100) reached = weather.below(reached + 1);
  std::string bytes = old;
  for (std::size_t i = 0; i < reached; ++i) apply(bytes, content.changes[i]);
  if (weather.kept == 100 || reached == 0) return bytes;
  // The size may be that of a moment within a write.
  if (bytes.size() > old.size() && weather.below(2) == 0) {
    bytes.resize(bytes.size() - weather.below(bytes.size() - old.size() + 1));
  }
  for (std::size_t from = 0; from < bytes.size(); from += weather.sector) {
    auto end = std::min(from + weather.sector, bytes.size());
    bool changed = end > old.size() || bytes.compare(from, end - from, old, from, end - from) != 0;
    if (!changed || weather.keeps()) continue;
    for (auto i = from; i < end; ++i) bytes[i] = i < old.size() ? old[i] : weather.stale();
  }
  return bytes;
}

void PowerFiles::cut_names(Weather& weather) {
  std::set<std::string> lost;
  for (const auto& change : names_) {
    if (change.shares(lost) || !weather.keeps()) {
      change.add_to(lost);
    } else {
      apply(change);
    }
  }
  names_.clear();
  // What is in a folder that never came to be is nowhere.
  std::erase_if(stable_, [&](const auto& entry) {
    auto folder = folder_of(entry.first);
    return folder != "/" && !stable_.contains(folder);
  });
}

void PowerFiles::cut(std::uint64_t seed) {
  Weather weather(seed);
  ++epoch_;
  cut_names(weather);
  std::map<std::string, std::string> left;
  for (const auto& [path, entry] : stable_) {
    if (entry != nullptr) left[path] = torn(*entry, weather);
  }
  auto folders = std::move(stable_);
  auto names = *list("/");
  for (const auto& name : names) {
    if (!MemFiles::remove_tree("/" + name) && !MemFiles::remove("/" + name)) std::terminate();
  }
  live_.clear();
  for (const auto& [path, entry] : folders) {
    if (entry == nullptr && !MemFiles::make_dirs(path)) std::terminate();
    live_[path] = entry == nullptr ? nullptr : std::make_shared<Content>();
  }
  for (const auto& [path, bytes] : left) {
    if (!MemFiles::write(path, bytes)) std::terminate();
  }
  settle();
}

}  // namespace burin::io
