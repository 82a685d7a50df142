// What `fsck` tells of session files, for people and for programs.
#pragma once
#include <string>
#include <vector>

#include "store/fsck.h"

namespace burin::exec {

/// One paragraph for each file with findings, one line for what is sound, a last line with the sums.
std::string fsck_text(const std::vector<store::CheckReport>& reports);
/// An array with an object for each file.
std::string fsck_json(const std::vector<store::CheckReport>& reports);

}  // namespace burin::exec
