// The outside world as one bundle of interfaces, handed to whatever needs it.
//
// Each part has a real implementation (real_*.cc) and a scripted, fault-injecting twin for tests (fake_*.h). Nothing
// above io reaches time, randomness, files, processes, the environment or the network in another way; that is what lets
// tests stop at every file call, cut streams at every byte and run timers without waiting.
#pragma once
#include "io/clock.h"
#include "io/environment.h"
#include "io/files.h"
#include "io/http.h"
#include "io/keyring.h"
#include "io/loop.h"
#include "io/process.h"

namespace burin::io {

/// References only: whoever builds the world owns its parts, for the life of the program or of the test.
struct World {
  Loop& loop;
  Pool& pool;
  Clock& clock;
  Random& random;
  Files& files;
  Processes& processes;
  Http& http;
  const Environment& env;
  Keyring& keyring = real_keyring();
};

}  // namespace burin::io
