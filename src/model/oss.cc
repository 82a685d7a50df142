#include "model/oss.h"

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

namespace burin::model {

namespace oss_detail {

constexpr io::Span connect_limit = io::seconds(5);
constexpr io::Span answer_limit = io::seconds(30);
constexpr io::Span load_limit = std::chrono::minutes(10);
constexpr io::Span pull_silence = std::chrono::minutes(10);  // between two lines of a download
constexpr std::string_view too_old_below = "0.13.4";

struct Answer {
  int status = 0;
  std::string body;
};

io::Task<Result<Answer>> ask(io::World& world, std::string url) {
  io::HttpRequest request;
  request.url = std::move(url);
  request.connect_timeout = connect_limit;
  CO_TRY(auto response, co_await io::with_deadline(answer_limit, request.url, world.http.send(request)));
  CO_TRY(auto body, co_await io::with_deadline(answer_limit, request.url, io::read_body(*response)));
  co_return Answer{response->status(), std::move(body)};
}

bool ok(const Result<Answer>& answer) { return answer && answer->status >= 200 && answer->status < 300; }

/// "0.14.1" or "v0.14.1" as three numbers; unset when it is not a version.
std::optional<std::array<std::uint64_t, 3>> version_of(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  auto parts = split(text.substr(0, text.find_first_of("-+")), '.');
  if (parts.size() != 3) return std::nullopt;
  std::array<std::uint64_t, 3> out{};
  for (std::size_t i = 0; i < 3; ++i) {
    auto n = parse_uint(parts[i]);
    if (!n) return std::nullopt;
    out[i] = *n;
  }
  return out;
}

bool too_old(std::string_view body) {
  auto document = parse_json(body);
  if (!document) return false;
  auto version = version_of(find_string(*document, "version").value_or(""));
  return version && *version != std::array<std::uint64_t, 3>{0, 0, 0} && *version < *version_of(too_old_below);
}

/// Whether the array `list` of the document holds an object whose `key` is the model.
bool lists_model(std::string_view body, std::string_view list, std::string_view key, std::string_view model) {
  auto document = parse_json(body);
  const auto* entries = document ? find_array(*document, list) : nullptr;
  if (entries == nullptr) return false;
  for (const auto& entry : *entries) {
    if (find_string(entry, key) == model) return true;
  }
  return false;
}

/// One line of the download's progress: true at the end.
Result<bool> pull_line(std::string_view line, const std::function<void(std::string)>& progress, std::string& last) {
  auto document = parse_json(line);
  if (!document) return false;
  if (auto error = find_string(*document, "error")) {
    return fail(Kind::unavailable, fmt::format("Ollama could not fetch the model: {}", *error));
  }
  std::string status(find_string(*document, "status").value_or(""));
  if (status != last && !status.empty()) progress(status);
  last = status;
  return status == "success";
}

io::Task<Result<>> pull(io::World& world, std::string host, std::string model,
                        const std::function<void(std::string)>& progress) {
  io::HttpRequest request;
  request.method = "POST";
  request.url = host + "/api/pull";
  request.headers = {{"content-type", "application/json"}};
  json::object body;
  body["model"] = model;
  body["stream"] = true;
  request.body = dump(body);
  request.connect_timeout = connect_limit;
  progress(fmt::format("Fetching {} …", model));
  CO_TRY(auto response, co_await io::with_deadline(pull_silence, "Ollama", world.http.send(std::move(request))));
  if (response->status() < 200 || response->status() >= 300) {
    co_return fail(Kind::unavailable, fmt::format("Ollama refused to fetch {} (status {})", model, response->status()));
  }
  std::string held, last;
  for (;;) {
    CO_TRY(auto piece, co_await io::with_deadline(pull_silence, "Ollama", response->read()));
    if (piece.empty())
      co_return fail(Kind::unavailable, fmt::format("the download of {} ended before it was complete", model));
    held += piece;
    for (auto end = held.find('\n'); end != std::string::npos; end = held.find('\n')) {
      CO_TRY(bool done, pull_line(std::string_view(held).substr(0, end), progress, last));
      if (done) co_return Result<>();
      held.erase(0, end + 1);
    }
  }
}

io::Task<Result<>> prepare_ollama(io::World& world, std::string base, std::string model,
                                  const std::function<void(std::string)>& progress) {
  bool v1 = base.ends_with("/v1");
  std::string host = v1 ? base.substr(0, base.size() - 3) : base;
  if (!ok(co_await ask(world, v1 ? host + "/v1/models" : host + "/api/tags"))) {
    co_return fail(Kind::unavailable, fmt::format("No running Ollama server was found at {}", host),
                   "start it with: ollama serve (install it from https://ollama.com)");
  }
  auto version = co_await ask(world, host + "/api/version");
  if (ok(version) && too_old(version->body)) {
    co_return fail(Kind::unsupported, fmt::format("Ollama is older than {}, which has no Responses API", too_old_below),
                   "update Ollama");
  }
  auto tags = co_await ask(world, host + "/api/tags");
  if (ok(tags) && lists_model(tags->body, "models", "name", model)) co_return Result<>();
  co_return co_await pull(world, host, model, progress);
}

io::Task<Result<>> prepare_lmstudio(io::World& world, std::string base, std::string model,
                                    const std::function<void(std::string)>& progress) {
  auto models = co_await ask(world, base + "/models");
  if (!ok(models)) {
    co_return fail(Kind::unavailable, fmt::format("No running LM Studio server was found at {}", base),
                   "start it with: lms server start");
  }
  if (!lists_model(models->body, "data", "id", model)) {
    progress(fmt::format("Fetching {} …", model));
    io::SpawnSpec spec;
    spec.argv = {"lms", "get", "--yes", model};
    spec.cwd = "/";
    spec.env = world.env.all();
    std::string home(world.env.get("HOME").value_or(""));
    std::string own = path::join(home, ".lmstudio/bin");
    spec.env["PATH"] = fmt::format("{}:{}", spec.env["PATH"], own);
    auto done = co_await io::run_command(world.processes, std::move(spec), std::chrono::hours(6));
    if (!done || done->status.code != 0) {
      co_return fail(Kind::unavailable, fmt::format("LM Studio could not fetch {}", model),
                     "install the `lms` command, or load the model in LM Studio");
    }
  }
  co_return Result<>();
}

}  // namespace oss_detail

namespace {
std::string base_of(const config::ProviderDef& provider) {
  std::string base = provider.base_url.value_or("");
  while (base.ends_with('/')) base.pop_back();
  return base;
}
}  // namespace

io::Task<Result<>> prepare_local_model(io::World& world, const config::ProviderDef& provider, std::string model,
                                       std::function<void(std::string)> progress) {
  std::string base = base_of(provider);
  if (provider.id == "ollama") co_return co_await oss_detail::prepare_ollama(world, base, model, progress);
  if (provider.id == "lmstudio") co_return co_await oss_detail::prepare_lmstudio(world, base, model, progress);
  co_return Result<>();
}

io::Task<> load_local_model(io::World& world, config::ProviderDef provider, std::string model) {
  if (provider.id != "lmstudio") co_return;
  io::HttpRequest request;
  request.method = "POST";
  request.url = base_of(provider) + "/responses";
  request.headers = {{"content-type", "application/json"}};
  request.body = dump(json::object{{"model", model}, {"input", ""}, {"max_output_tokens", 1}});
  request.connect_timeout = oss_detail::connect_limit;
  auto response = co_await io::with_deadline(oss_detail::load_limit, "LM Studio", world.http.send(std::move(request)));
  if (!response) {
    log(Level::warn, "oss", "LM Studio did not load {}: {}", model, response.error().text());
  } else if ((*response)->status() >= 300) {
    log(Level::warn, "oss", "LM Studio did not load {}: status {}", model, (*response)->status());
  }
}

}  // namespace burin::model
