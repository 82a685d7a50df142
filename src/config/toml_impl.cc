// The one place where toml++ is compiled.
#define TOML_IMPLEMENTATION
#include "config/toml_library.h"
