// Made-up credentials for tests.
#pragma once
#include <string>
#include <string_view>

#include "base/text.h"

namespace burin::model {

/// A JWT with these claims (JSON); its signature says nothing.
inline std::string sample_jwt(std::string_view claims) {
  return fmt::format("{}.{}.sig", base64url(R"({"alg":"none"})"), base64url(claims));
}

inline std::string sample_id_token(std::string_view account = "acc") {
  return sample_jwt(fmt::format(R"({{"email":"a@b.c","https://api.openai.com/auth":{{"chatgpt_plan_type":"plus",)"
                                R"("chatgpt_user_id":"u1","chatgpt_account_id":"{}"}}}})",
                                account));
}

/// auth.json of a ChatGPT login.
inline std::string sample_login(std::string_view access, std::string_view refresh, std::string_view last_refresh,
                                std::string_view account = "acc") {
  return fmt::format(R"({{"auth_mode":"chatgpt","OPENAI_API_KEY":null,"tokens":{{"id_token":"{}",)"
                     R"("access_token":"{}","refresh_token":"{}","account_id":"{}"}},"last_refresh":"{}"}})",
                     sample_id_token(account), access, refresh, account, last_refresh);
}

}  // namespace burin::model
