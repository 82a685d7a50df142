// A complete world for unit tests: memory files, scripted processes and network, virtual time.
#pragma once
#include "io/fake_files.h"
#include "io/fake_http.h"
#include "io/fake_keyring.h"
#include "io/fake_process.h"
#include "io/power_files.h"
#include "io/world.h"

namespace burin::testing {

struct FakeWorld {
  io::Loop loop;
  io::Pool pool{1};
  io::FixedClock clock;
  io::SeededRandom random{7};
  io::PowerFiles memory;
  io::FaultFiles files{memory};
  io::ScriptedProcesses processes;
  io::ScriptedHttp http;
  io::Environment env;
  io::FakeKeyring keyring;
  io::World world{loop, pool, clock, random, files, processes, http, env, keyring};
  FakeWorld() { loop.use_virtual_time(); }
};

}  // namespace burin::testing
