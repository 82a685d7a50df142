#include "cli/login_command.h"

#include "base/text.h"
#include "io/browser.h"
#include "io/stdio.h"
#include "model/auth_manager.h"
#include "model/browser_login.h"
#include "model/device_login.h"

namespace burin::cli {

namespace login_detail {

constexpr std::string_view originator = "codex_cli_rs";

void say(std::string_view text) { io::write_all(2, fmt::format("{}\n", text)); }

int refuse(std::string_view text) {
  say(text);
  return 1;
}

std::string reason(const Error& e) { return fmt::format("{}{}{}", e.text(), e.fix.empty() ? "" : "; ", e.fix); }

/// The end of every login.
int report(const Result<>& done, std::string_view failed) {
  if (!done) return refuse(fmt::format("{}: {}", failed, reason(done.error())));
  say("Successfully logged in");
  return 0;
}

struct Context {
  io::World& world;
  const config::Config& config;
  model::AuthManager& auth;
  model::LoginOptions options;
};

io::Task<int> with_browser(Context& c) {
  auto* auth = &c.auth;
  auto save = [auth](model::LoginTokens login) { return auth->save_tokens(std::move(login.tokens), login.api_key); };
  constexpr std::string_view failed = "Error logging in";
  auto login = co_await model::BrowserLogin::start(c.world, c.options, save);
  if (!login) co_return report(Fail(login.error()), failed);
  say(
      fmt::format("Waiting for the sign-in on http://localhost:{}.\nIf no browser opens, open this page:\n\n{}\n\n"
                  "On a machine without a browser: burin login --device-auth",
                  (*login)->port(), (*login)->url()));
  io::open_in_browser(c.world.env, (*login)->url());
  co_return report(co_await (*login)->wait(), failed);
}

io::Task<int> with_device_code(Context& c) {
  constexpr std::string_view failed = "Error logging in with device code";
  auto code = co_await model::request_device_code(c.world, c.options);
  if (!code) co_return report(Fail(code.error()), failed);
  say(
      fmt::format("To sign in with ChatGPT:\n\n1. Open this page in any browser and sign in:\n   {}\n\n"
                  "2. Type this code; it is good for 15 minutes:\n   {}\n\n"
                  "Give the code to nobody: it signs in whoever asked for it.\n",
                  code->page, code->user_code));
  auto tokens = co_await model::finish_device_login(c.world, c.options, std::move(*code));
  if (!tokens) co_return report(Fail(tokens.error()), failed);
  co_return report(co_await c.auth.save_tokens(std::move(*tokens), std::nullopt), failed);
}

io::Task<int> with_key(Context& c) {
  if (io::is_terminal(0)) {
    co_return refuse(
        "--with-api-key reads the key from stdin; pipe it: "
        "printenv OPENAI_API_KEY | burin login --with-api-key");
  }
  say("Reading API key from stdin...");
  constexpr std::string_view failed = "Error logging in";
  auto input = co_await io::read_to_end(0);
  if (!input) co_return report(Fail(input.error()), failed);
  std::string key(trim(*input));
  if (key.empty()) co_return refuse("No API key provided via stdin.");
  if (c.config.forced_login_method == config::LoginMethod::chatgpt) {
    co_return refuse("API key login is disabled. Use ChatGPT login instead.");
  }
  co_return report(co_await c.auth.save_api_key(std::move(key)), failed);
}

io::Task<int> show_status(Context& c) {
  auto loaded = co_await c.auth.load();
  if (!loaded) co_return refuse("Error checking login status: " + reason(loaded.error()));
  switch (c.auth.cached().mode) {
    case model::Auth::Mode::none:
      co_return refuse("Not logged in");
    case model::Auth::Mode::api_key:
      say("Logged in using an API key - " + masked_key(c.auth.cached().token));
      break;
    case model::Auth::Mode::chatgpt:
      say("Logged in using ChatGPT");
      break;
  }
  co_return 0;
}

io::Task<int> log_out(Context& c) {
  auto removed = co_await c.auth.logout();
  if (!removed) co_return refuse("Error logging out: " + reason(removed.error()));
  say(*removed ? "Successfully logged out" : "Not logged in");
  co_return 0;
}

}  // namespace login_detail

using namespace login_detail;

std::string masked_key(std::string_view key) {
  constexpr std::size_t shown_first = 8, shown_last = 5;
  const auto count = count_code_points(key);
  if (count <= shown_first + shown_last) return "***";
  const auto before_last = first_code_points(key, count - shown_last).size();
  return fmt::format("{}***{}", first_code_points(key, shown_first), key.substr(before_last));
}

io::Task<int> run_login(io::World& world, const config::Config& config, const Login& command) {
  using Action = Login::Action;
  if (command.action == Action::key_as_argument) {
    co_return refuse(
        "A key on the command line would be seen by others, so --api-key is not accepted; pipe it: "
        "printenv OPENAI_API_KEY | burin login --with-api-key");
  }
  auto os_release = world.files.read("/etc/os-release", 1 << 16);
  auto identity = model::make_identity(world.env, originator, "", os_release ? *os_release : "");
  if (config.requirements.us_residency) identity.residency = "us";
  model::AuthManager auth(world, model::auth_options(config, identity, false));
  Context c{world, config, auth, {.workspace = config.forced_chatgpt_workspace_id, .identity = identity}};
  if (!command.issuer.empty()) c.options.issuer = command.issuer;
  if (!command.client_id.empty()) c.options.client_id = command.client_id;
  const bool chatgpt = command.action == Action::browser || command.action == Action::device_code;
  if (chatgpt && config.forced_login_method == config::LoginMethod::api) {
    co_return refuse("ChatGPT login is disabled. Use API key login instead.");
  }
  switch (command.action) {
    case Action::browser:
      co_return co_await with_browser(c);
    case Action::device_code:
      co_return co_await with_device_code(c);
    case Action::key_from_stdin:
      co_return co_await with_key(c);
    case Action::status:
      co_return co_await show_status(c);
    default:
      co_return co_await log_out(c);
  }
}

}  // namespace burin::cli
