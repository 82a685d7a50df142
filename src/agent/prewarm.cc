#include "agent/prewarm.h"

#include "agent/git_metadata.h"
#include "agent/turn_context.h"

namespace burin::agent {

namespace prewarm_detail {

/// The request of a regular turn without its input.
io::Task<model::ModelResult<>> work(Session* session, const TurnContext* turn, model::ModelSession* with,
                                    io::Event* connected) {
  GitMetadata metadata(session->world, *turn, co_await io::Here{});
  auto header = [&metadata] { return metadata.header(); };
  if (session->config.prewarm_mode == config::PrewarmMode::handshake) {
    co_return co_await with->preconnect(turn->model, header);
  }
  model::Prompt prompt;
  prompt.instructions = session->base_instructions;
  prompt.tools = turn->registry.definitions();
  prompt.parallel_tool_calls = turn->model.supports_parallel_tool_calls;
  co_return co_await with->prewarm(prompt, model_settings(*session, *turn), header, connected);
}

}  // namespace prewarm_detail

io::Task<> prewarm(Session* session) {
  auto turn = make_turn_context(*session, "", std::nullopt);
  if (!session->client->websocket_active(turn.model)) co_return;
  co_await session->preconnect.run(*session->client, [&](model::ModelSession& with, io::Event& connected) {
    return prewarm_detail::work(session, &turn, &with, &connected);
  });
}

}  // namespace burin::agent
