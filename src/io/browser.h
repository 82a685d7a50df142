// Showing a page to the user in the browser of their desktop.
#pragma once
#include <string>

#include "io/environment.h"

namespace burin::io {

/// Starts $BROWSER, xdg-open or wslview with the URL and leaves it alone: unlike our child processes, a browser
/// outlives us. False when there is none; whether it shows anything cannot be known.
bool open_in_browser(const Environment& env, const std::string& url);

}  // namespace burin::io
