// Checking session files: what is wrong, where, and what can be saved (session.md 4.6, 11).
//
// A check reads and never writes; a rescue writes a new file and never touches the old one. What counts as damage is
// what makes a reader lose or misread something; a remark is worth knowing and costs nothing.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/files.h"

namespace burin::store {

struct Finding {
  enum class Weight : unsigned char { remark, damage };
  Weight weight = Weight::damage;
  std::string kind;          // a word for programs: torn_tail, unreadable, repeated, no_meta, ...
  std::uint64_t offset = 0;  // of the first byte
  std::uint64_t size = 0;    // bytes
  std::uint64_t lines = 0;
  std::string text;  // one sentence
};

struct CheckReport {
  std::string path;
  std::string thread_id;  // empty when unknown
  std::uint64_t size = 0;
  std::uint64_t records = 0;      // that can be read
  std::vector<Finding> findings;  // in file order, then those of the whole file
  bool damaged() const;
};

/// Checks one session file. Fails when it cannot be opened; a file that is no session file at all is a finding.
Result<CheckReport> check_rollout(io::Files& files, const std::string& path);

/// Writes the readable records of `path`, byte for byte and in order, to the new file `to`; a record that is there
/// twice in a row is written once, a missing session_meta is made from the file's name. Never overwrites:
/// Kind::conflict. Returns what the new file holds.
Result<CheckReport> rescue_rollout(io::Files& files, const std::string& path, const std::string& to);

}  // namespace burin::store
