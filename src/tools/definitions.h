// The tools as the model sees them: names, descriptions, schemas (tools.md 2.3, 2.4).
//
// Schemas use the small subset that models were trained on: no enums, no defaults, numbers for integers, sorted keys.
#pragma once
#include <string>

namespace burin::tools::definitions {

/// What a definition may depend on.
struct Options {
  bool login = true;  // login shells are allowed
};

std::string shell(const Options& options);
std::string shell_command(const Options& options);
std::string exec_command(const Options& options);
std::string write_stdin();
std::string update_plan();
std::string request_user_input();
std::string apply_patch_function();
std::string apply_patch_freeform();
std::string view_image();
std::string image_generation();
std::string web_search(bool live);
std::string local_shell();

}  // namespace burin::tools::definitions
