#include "model/models_manager.h"

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "model/backoff.h"

namespace burin::model {

namespace models_manager_detail {

constexpr std::size_t max_body = 64 << 20;

/// The bundled entries, those of the server in place of entries with the same slug, and the others behind.
std::vector<ModelInfo> merge(const std::vector<ModelInfo>& served) {
  std::vector<ModelInfo> out = bundled_models();
  for (const auto& model : served) {
    auto same = std::ranges::find(out, model.slug, &ModelInfo::slug);
    if (same == out.end()) {
      out.push_back(model);
    } else {
      *same = model;
    }
  }
  return out;
}

std::string models_url(const config::ProviderDef& provider, const Auth& auth, const Identity& identity) {
  std::string url = provider_url(provider, auth, "models");
  return fmt::format("{}{}client_version={}", url, contains(url, "?") ? "&" : "?", identity.version);
}

}  // namespace models_manager_detail

using namespace models_manager_detail;

ModelsManager::ModelsManager(io::World& world, ModelsOptions options)
    : world_(world),
      options_(std::move(options)),
      catalog_(std::make_shared<const std::vector<ModelInfo>>(options_.own ? *options_.own : bundled_models())) {}

std::string ModelsManager::cache_path() const { return path::join(options_.home, "models_cache.json"); }

void ModelsManager::adopt(const std::vector<ModelInfo>& served, std::string etag) {
  catalog_ = std::make_shared<const std::vector<ModelInfo>>(merge(served));
  etag_ = std::move(etag);
}

/// True when the cache is fresh and of this version; its entries are in use then.
bool ModelsManager::load_cache() {
  auto text = world_.files.read(cache_path(), max_body);
  if (!text) return false;
  auto complain = [&](std::string_view why) {
    log(Level::warn, "models", "{} is not used: {}", cache_path(), why);
    return false;
  };
  auto document = parse_json(*text);
  if (!document) return complain(document.error().what);
  auto fetched = io::parse_rfc3339(find_string(*document, "fetched_at").value_or(""));
  std::int64_t age = fetched ? world_.clock.now_ms() / 1000 - *fetched : cache_life_s + 1;
  if (find_string(*document, "client_version") != options_.identity.version || age > cache_life_s) return false;
  auto models = read_catalog(*document, true);
  if (!models) return complain(models.error().what);
  adopt(*models, std::string(find_string(*document, "etag").value_or("")));
  return true;
}

void ModelsManager::write_cache(const json::value& models) {
  json::object out;
  auto text = [](std::string_view s) { return json::string(s.data(), s.size()); };
  out["fetched_at"] = text(io::utc_ms_text(world_.clock.now_ms()));
  if (!etag_.empty()) out["etag"] = text(etag_);
  out["client_version"] = text(options_.identity.version);
  out["models"] = models;
  auto written = world_.files.write_atomic(cache_path(), dump_pretty(json::value(std::move(out))), 0644);
  if (!written) log(Level::warn, "models", "the cache of models cannot be written: {}", written.error().text());
}

void ModelsManager::renew_cache() {
  auto text = world_.files.read(cache_path(), max_body);
  auto document = text ? parse_json(*text) : tl::unexpected(text.error());
  const auto* models = document ? find(*document, "models") : nullptr;
  if (models == nullptr) {
    log(Level::error, "models", "there is no cache of models to renew");
    return;
  }
  write_cache(*models);
}

io::Task<Result<>> ModelsManager::fetch(const Auth& auth) {
  auto credential = credential_for(options_.provider, auth, world_.env);
  if (!credential) co_return fail(Kind::denied, credential.error().message);
  for (std::uint64_t attempt = 0;; ++attempt) {
    io::HttpRequest request{.method = "GET",
                            .url = models_url(options_.provider, auth, options_.identity),
                            .headers = models_headers(options_.identity, options_.provider, *credential, world_.env)};
    auto response = co_await world_.http.send(std::move(request));
    bool passing = !response || (*response)->status() >= 500;
    if (passing && attempt < options_.provider.request_max_retries) {
      co_await io::sleep(backoff(world_.random, attempt + 1));
      continue;
    }
    if (!response) co_return Fail(response.error());
    CO_TRY(auto body, co_await io::read_body(**response, max_body));
    if ((*response)->status() != 200) {
      co_return fail(Kind::unavailable, fmt::format("GET /models: {}", status_text((*response)->status())));
    }
    auto document = parse_json(body);
    auto models = document ? read_catalog(*document, true) : tl::unexpected(document.error());
    if (!models) {
      co_return wrap(models.error(),
                     fmt::format("the list of models cannot be read; body: {}", first_code_points(body, 1000)));
    }
    adopt(*models, std::string((*response)->header("etag").value_or("")));
    write_cache(*find(*document, "models"));
    co_return Result<>();
  }
}

io::Task<> ModelsManager::refresh(Refresh how) {
  if (options_.own) co_return;
  if (how != Refresh::online && load_cache()) co_return;
  if (how == Refresh::offline || fetching_ || !options_.credentials) co_return;
  struct Mark {
    explicit Mark(bool* f) : flag(f) { *flag = true; }
    ~Mark() { *flag = false; }
    bool* flag;
  } mark(&fetching_);
  auto auth = co_await options_.credentials();
  if (!auth || auth->mode != Auth::Mode::chatgpt) co_return;
  auto done = co_await io::with_deadline(fetch_limit, "list of models", fetch(*auth));
  if (!done) log(Level::warn, "models", "the list of models was not refreshed: {}", done.error().text());
}

io::Task<> ModelsManager::saw_etag(std::string etag) {
  if (options_.own) co_return;
  if (etag == etag_) {
    renew_cache();
  } else {
    co_await refresh(Refresh::online);
  }
}

}  // namespace burin::model
