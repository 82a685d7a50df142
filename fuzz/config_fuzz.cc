// Any text as config.toml: an error or a configuration, never a crash.
#include "config/config.h"
#include "io/fake_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace burin;
  io::MemFiles files;
  files.put("/home/config.toml", std::string_view(reinterpret_cast<const char*>(data), size));
  (void)files.make_dirs("/work/.git");
  io::Environment env;
  auto config = config::load_config(files, env, "/home", "/work", {});
  if (!config) (void)config.error().report();
  return 0;
}
