// `burin demo`: a scripted model, served over loopback through the real HTTP path, fixes a real bug in a real project.
#pragma once
#include "io/world.h"

namespace burin::cli {

/// 0 only if the project's test passes afterwards. `keep` leaves the folder in place.
io::Task<int> run_demo(io::World& world, bool keep);

}  // namespace burin::cli
