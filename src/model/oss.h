// Local providers for --oss: is the server there, does it have the model (model-client.md 3.3).
#pragma once
#include <functional>
#include <string>

#include "config/providers.h"
#include "io/world.h"

namespace burin::model {

/// Makes sure that the local server answers and has the model, fetching it if it has not. `progress` is told lines for
/// people. The error says what to start or to install.
io::Task<Result<>> prepare_local_model(io::World& world, const config::ProviderDef& provider, std::string model,
                                       std::function<void(std::string)> progress);

/// Has LM Studio load the model, so that the turn's own request finds it in memory. Runs beside the turn; a failure is
/// only logged. Other providers need nothing.
io::Task<> load_local_model(io::World& world, config::ProviderDef provider, std::string model);

}  // namespace burin::model
