#include "base/result.h"

#include <cerrno>

namespace burin {

Result<int> half(int n) {
  if (n % 2 != 0) return fail(Kind::invalid, "odd", "use an even number");
  return n / 2;
}
Result<> check(int n) {
  CHECK(half(n));
  return {};
}
Result<int> quarter(int n) {
  TRY(const auto h, half(n));
  TRY(const auto q, half(h));
  return q;
}

TEST(Result, TryAndCheckPassErrorsOn) {
  EXPECT_EQ(quarter(8), 2);
  ASSERT_FALSE(quarter(6));
  EXPECT_EQ(quarter(6).error().fix, "use an even number");
  EXPECT_TRUE(check(2));
  EXPECT_FALSE(check(3));
}

TEST(Result, WrapKeepsKindAndTellsTheChain) {
  const Error e = wrap(wrap(half(3).error(), "inner").value(), "outer").value();
  EXPECT_EQ(e.kind, Kind::invalid);
  EXPECT_EQ(e.text(), "outer: inner: odd");
}

TEST(Result, SystemErrors) {
  const Error e = fail_errno(ENOENT, "/x").value();
  EXPECT_EQ(e.kind, Kind::not_found);
  EXPECT_EQ(e.sys, ENOENT);
  EXPECT_EQ(e.what, "/x: No such file or directory (os error 2)");
  EXPECT_EQ(fail_errno(EACCES, "").value().kind, Kind::denied);
  EXPECT_EQ(fail_errno(EEXIST, "").value().kind, Kind::conflict);
}

}  // namespace burin
