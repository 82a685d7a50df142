#include "io/curl_api.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace burin::io {

namespace curl_api_detail {

Result<CurlApi> load(const char* name) {
  constexpr const char* remedy = "install libcurl 4 (Debian: apt-get install libcurl4)";
  // Never unloaded: resolver threads and OpenSSL's exit handlers may still run in it.
  void* library = ::dlopen(name, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    const char* why = ::dlerror();
    return fail(Kind::unavailable, fmt::format("the network needs libcurl: {}", why != nullptr ? why : "not found"),
                remedy);
  }
  CurlApi api;
  const char* missing = nullptr;
  auto take = [&](auto& member, const char* name) {
    member = reinterpret_cast<std::remove_reference_t<decltype(member)>>(::dlsym(library, name));
    if (member == nullptr) missing = name;
  };
  decltype(&::curl_global_init) global_init = nullptr;
  take(global_init, "curl_global_init");
  take(api.easy_init, "curl_easy_init");
  take(api.easy_setopt, "curl_easy_setopt");
  take(api.easy_getinfo, "curl_easy_getinfo");
  take(api.easy_pause, "curl_easy_pause");
  take(api.easy_cleanup, "curl_easy_cleanup");
  take(api.easy_strerror, "curl_easy_strerror");
  take(api.easy_send, "curl_easy_send");
  take(api.easy_recv, "curl_easy_recv");
  take(api.multi_init, "curl_multi_init");
  take(api.multi_setopt, "curl_multi_setopt");
  take(api.multi_add_handle, "curl_multi_add_handle");
  take(api.multi_remove_handle, "curl_multi_remove_handle");
  take(api.multi_socket_action, "curl_multi_socket_action");
  take(api.multi_info_read, "curl_multi_info_read");
  take(api.multi_cleanup, "curl_multi_cleanup");
  take(api.slist_append, "curl_slist_append");
  take(api.slist_free_all, "curl_slist_free_all");
  if (missing != nullptr) return fail(Kind::unavailable, fmt::format("libcurl has no function {}", missing), remedy);
  if (CURLcode code = global_init(CURL_GLOBAL_DEFAULT); code != CURLE_OK) {
    return fail(Kind::unavailable, fmt::format("libcurl does not start: {}", api.easy_strerror(code)));
  }
  return api;
}

}  // namespace curl_api_detail

const Result<CurlApi>& load_curl() {
  static const Result<CurlApi> api = curl_api_detail::load("libcurl.so.4");
  return api;
}

}  // namespace burin::io
