// What a test helper throws when the test's assumption does not hold ("exactly one request").
//
// An exception and not a Result, because there is nothing that a test could do about it: GoogleTest and every other
// framework turn it into a failure that shows the text.
#pragma once
#include <stdexcept>

namespace burin::testkit {

struct Mismatch : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace burin::testkit
