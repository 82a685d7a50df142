// The catalogue of models while the program runs: bundled entries, what the server has told, and the cache of that
// (model-client.md 12.1, 12.4, 12.5).
//
// The network is asked only for those signed in with ChatGPT, always at the built-in OpenAI provider, whatever provider
// the thread uses, and for five seconds at most; a failure leaves what is known. A catalogue of the user's own is
// final: neither cache nor network ever touch it.
//
// One for the process; loop thread only.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/providers.h"
#include "io/world.h"
#include "model/auth.h"
#include "model/catalog.h"
#include "model/headers.h"

namespace burin::model {

using Catalog = std::shared_ptr<const std::vector<ModelInfo>>;

struct ModelsOptions {
  std::string home;
  Identity identity;
  config::ProviderDef provider;               // the built-in `openai`
  std::optional<std::vector<ModelInfo>> own;  // model_catalog_json
  /// Credentials of the moment, refreshed when they are due.
  std::function<io::Task<ModelResult<Auth>>()> credentials;
};

class ModelsManager {
 public:
  static constexpr io::Span fetch_limit = io::seconds(5);
  static constexpr std::int64_t cache_life_s = 300;

  ModelsManager(io::World& world, ModelsOptions options);

  enum class Refresh : unsigned char { online, online_if_uncached, offline };
  /// Brings the catalogue up to date as far as the strategy allows. Never fails: what cannot be had is logged.
  io::Task<> refresh(Refresh how);
  /// A stream has named the catalogue's etag: a known one keeps the cache alive, a new one is fetched.
  io::Task<> saw_etag(std::string etag);
  /// The entries of the moment, in the order of the file; whoever holds it keeps that state.
  const Catalog& catalog() const { return catalog_; }

 private:
  bool load_cache();
  io::Task<Result<>> fetch(const Auth& auth);
  void adopt(const std::vector<ModelInfo>& served, std::string etag);
  void write_cache(const boost::json::value& models);
  void renew_cache();
  std::string cache_path() const;

  io::World& world_;
  ModelsOptions options_;
  Catalog catalog_;
  std::string etag_;       // of the served list; "" for none
  bool fetching_ = false;  // a second request would bring nothing new
};

}  // namespace burin::model
