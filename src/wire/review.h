// Reviews: what to review, and what the reviewer found (session.md 6).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/mapping.h"

namespace burin::wire {

namespace review {
struct UncommittedChanges {};
BURIN_WIRE_TABLE(UncommittedChanges)
struct BaseBranch {
  std::string branch;
};
BURIN_WIRE_TABLE(BaseBranch, branch)
struct Commit {
  std::string sha;
  Nullable<std::string> title;
};
BURIN_WIRE_TABLE(Commit, sha, title)
struct Custom {
  std::string instructions;
};
BURIN_WIRE_TABLE(Custom, instructions)
}  // namespace review

using ReviewTarget =
    StrictOneOf<"type", Alt<"uncommittedChanges", review::UncommittedChanges>, Alt<"baseBranch", review::BaseBranch>,
                Alt<"commit", review::Commit>, Alt<"custom", review::Custom>>;

struct ReviewRequest {
  ReviewTarget target;
  std::optional<std::string> user_facing_hint;
};
BURIN_WIRE_TABLE(ReviewRequest, target, user_facing_hint)

struct LineRange {
  std::uint32_t start = 0;
  std::uint32_t end = 0;
};
BURIN_WIRE_TABLE(LineRange, start, end)
struct CodeLocation {
  std::string absolute_file_path;
  LineRange line_range;
};
BURIN_WIRE_TABLE(CodeLocation, absolute_file_path, line_range)
/// Scores are 32-bit floats, so that 0.9 stays 0.9 in files.
struct ReviewFinding {
  std::string title;
  std::string body;
  float confidence_score = 0;
  std::int32_t priority = 0;  // models leave it out at times: then 0
  CodeLocation code_location;
};
BURIN_WIRE_TABLE(ReviewFinding, title, body, confidence_score, (priority, defaulted), code_location)
struct ReviewOutput {
  std::vector<ReviewFinding> findings;
  std::string overall_correctness;
  std::string overall_explanation;
  float overall_confidence_score = 0;
};
BURIN_WIRE_TABLE(ReviewOutput, findings, overall_correctness, overall_explanation, overall_confidence_score)

}  // namespace burin::wire
