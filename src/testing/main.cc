// Entry point of the unit tests of base and io. Children are started through the program itself (io/process.h), so the
// launcher is asked first.
#include <gtest/gtest.h>

#include "io/process.h"

int main(int argc, char** argv) {
  if (auto status = burin::io::launch_main(argc, argv, nullptr)) return *status;
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
