// What it costs to make a record safe: append (in the file) and sync (on stable storage), and how many bytes reach the
// disk for each byte that is logged. Prints one row; `bench/run` builds and runs it.
//
// Usage: bench_append FOLDER (on the disk that is to be measured)
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include <unistd.h>

#include "io/environment.h"
#include "io/fake_http.h"
#include "io/fake_process.h"
#include "io/loop.h"
#include "store/rollout_log.h"

using namespace burin;

namespace {

constexpr int turns = 200;
constexpr int records = 10;  // of 4 kB, in each turn

/// Bytes that this process has handed to the system for writing.
std::uint64_t written_bytes() {
  auto text = io::real_files().read("/proc/self/io", 1 << 16);
  auto at = text ? text->find("wchar: ") : std::string::npos;
  return at == std::string::npos ? 0 : std::stoull(text->substr(at + 7));
}

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

io::Task<> measure(io::World* world, std::string path, std::vector<double>* appends, std::vector<double>* syncs) {
  using Clock = std::chrono::steady_clock;
  auto log =
      store::RolloutLog::create(*world, path, [](std::string why) { std::fprintf(stderr, "%s\n", why.c_str()); });
  log->materialise();
  std::string payload = R"({"type":"function_call_output","call_id":"c","output":")" + std::string(4000, 'x') + "\"}";
  auto us = [](Clock::time_point since) {
    return std::chrono::duration<double, std::micro>(Clock::now() - since).count();
  };
  for (int t = 0; t < turns; ++t) {
    for (int r = 0; r < records; ++r) {
      auto start = Clock::now();
      log->append("response_item", payload);
      appends->push_back(us(start));
    }
    auto start = Clock::now();
    co_await log->sync();
    syncs->push_back(us(start));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: bench_append FOLDER\n"), 2;
  io::Loop loop;
  io::Pool pool;
  io::ScriptedProcesses processes;
  io::ScriptedHttp http;
  io::Environment env;
  io::World world{loop, pool, io::real_clock(), io::real_random(), io::real_files(), processes, http, env};
  std::string path = std::string(argv[1]) + "/rollout.jsonl";
  std::vector<double> appends, syncs;
  auto before = written_bytes();
  io::run_task(loop, measure(&world, path, &appends, &syncs));
  auto written = written_bytes() - before;
  auto size = io::real_files().stat(path)->size;
  std::printf("append p50 %.1f us, p99 %.1f us; sync p50 %.0f us, p99 %.0f us; bytes written / bytes logged %.3f\n",
              quantile(appends, 0.5), quantile(appends, 0.99), quantile(syncs, 0.5), quantile(syncs, 0.99),
              static_cast<double>(written) / static_cast<double>(size));
  return 0;
}
