// Entry point of the unit tests of the rooms that run commands: the launcher applies the sandbox that they ask for.
#include <gtest/gtest.h>

#include "io/process.h"
#include "sandbox/linux.h"

int main(int argc, char** argv) {
  if (auto status = burin::io::launch_main(argc, argv, burin::sandbox::launch_hook)) return *status;
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
