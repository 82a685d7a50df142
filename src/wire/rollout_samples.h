// Session files of every kind (session.md 12), line by line, for the tests of this room and of those that read files.
#pragma once
#include <string_view>

namespace burin::wire::samples {
// clang-format off

inline constexpr std::string_view tool_turn =
R"~({"timestamp":"2026-03-05T09:15:10.017Z","type":"session_meta","payload":{"id":"0197a000-1111-7000-8000-000000000001","timestamp":"2026-03-05T09:15:10.001Z","cwd":"/home/dev/demo","originator":"burin_exec","cli_version":"0.1.0","source":"exec","model_provider":"openai","base_instructions":{"text":"BASE"},"git":{"commit_hash":"4f1c2d3e5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d","branch":"main","repository_url":"https://example.com/acme/demo.git"}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.034Z","type":"response_item","payload":{"type":"message","role":"developer","content":[{"type":"input_text","text":"<permissions instructions>…</permissions instructions>"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.051Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context>\n  <cwd>/home/dev/demo</cwd>\n  <shell>bash</shell>\n</environment_context>"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.068Z","type":"event_msg","payload":{"type":"task_started","turn_id":"0197a000-2222-7000-8000-000000000001","model_context_window":258400,"collaboration_mode_kind":"default"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.085Z","type":"turn_context","payload":{"turn_id":"0197a000-2222-7000-8000-000000000001","cwd":"/home/dev/demo","current_date":"2026-03-05","timezone":"Etc/UTC","approval_policy":"never","sandbox_policy":{"type":"workspace-write","network_access":false,"exclude_tmpdir_env_var":false,"exclude_slash_tmp":false},"model":"gpt-5.1-codex","personality":"pragmatic","collaboration_mode":{"mode":"default","settings":{"model":"gpt-5.1-codex","reasoning_effort":null,"developer_instructions":null}},"realtime_active":false,"summary":"auto","truncation_policy":{"mode":"tokens","limit":10000}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.102Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"create a.txt"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.119Z","type":"event_msg","payload":{"type":"user_message","message":"create a.txt","images":[],"local_images":[],"text_elements":[]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.136Z","type":"event_msg","payload":{"type":"token_count","info":null,"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.153Z","type":"event_msg","payload":{"type":"agent_reasoning","text":"**Creating the file**"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.170Z","type":"response_item","payload":{"type":"reasoning","summary":[{"type":"summary_text","text":"**Creating the file**"}],"content":null,"encrypted_content":"gAAAA…"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.187Z","type":"response_item","payload":{"type":"function_call","name":"shell_command","arguments":"{\"command\":\"echo hi > a.txt; cat a.txt\"}","call_id":"call_1"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.204Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":900,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0,"total_tokens":940},"last_token_usage":{"input_tokens":900,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0,"total_tokens":940},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.221Z","type":"response_item","payload":{"type":"function_call_output","call_id":"call_1","output":"Exit code: 0\nWall time: 0.1 seconds\nOutput:\nhi\n"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.238Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":900,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0,"total_tokens":940},"last_token_usage":{"input_tokens":900,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0,"total_tokens":940},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.255Z","type":"event_msg","payload":{"type":"agent_message","message":"Created a.txt.","phase":null}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.272Z","type":"response_item","payload":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Created a.txt."}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.289Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":1900,"cached_input_tokens":0,"output_tokens":60,"reasoning_output_tokens":0,"total_tokens":1960},"last_token_usage":{"input_tokens":1000,"cached_input_tokens":0,"output_tokens":20,"reasoning_output_tokens":0,"total_tokens":1020},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.306Z","type":"event_msg","payload":{"type":"task_complete","turn_id":"0197a000-2222-7000-8000-000000000001","last_agent_message":"Created a.txt."}}
)~";

inline constexpr std::string_view aborted_turn =
R"~({"timestamp":"2026-03-05T09:15:10.017Z","type":"session_meta","payload":{"id":"0197a000-1111-7000-8000-000000000002","timestamp":"2026-03-05T09:15:10.001Z","cwd":"/home/dev/demo","originator":"burin_exec","cli_version":"0.1.0","source":"exec","model_provider":"openai","base_instructions":{"text":"BASE"},"git":{"commit_hash":"4f1c2d3e5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d","branch":"main","repository_url":"https://example.com/acme/demo.git"}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.034Z","type":"response_item","payload":{"type":"message","role":"developer","content":[{"type":"input_text","text":"<permissions instructions>…</permissions instructions>"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.051Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context>\n  <cwd>/home/dev/demo</cwd>\n  <shell>bash</shell>\n</environment_context>"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.068Z","type":"event_msg","payload":{"type":"task_started","turn_id":"0197a000-2222-7000-8000-000000000002","model_context_window":258400,"collaboration_mode_kind":"default"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.085Z","type":"turn_context","payload":{"turn_id":"0197a000-2222-7000-8000-000000000002","cwd":"/home/dev/demo","current_date":"2026-03-05","timezone":"Etc/UTC","approval_policy":"never","sandbox_policy":{"type":"workspace-write","network_access":false,"exclude_tmpdir_env_var":false,"exclude_slash_tmp":false},"model":"gpt-5.1-codex","personality":"pragmatic","collaboration_mode":{"mode":"default","settings":{"model":"gpt-5.1-codex","reasoning_effort":null,"developer_instructions":null}},"realtime_active":false,"summary":"auto","truncation_policy":{"mode":"tokens","limit":10000}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.102Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"run the slow thing"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.119Z","type":"event_msg","payload":{"type":"user_message","message":"run the slow thing","images":[],"local_images":[],"text_elements":[]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.136Z","type":"event_msg","payload":{"type":"token_count","info":null,"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.153Z","type":"response_item","payload":{"type":"function_call","name":"shell_command","arguments":"{\"command\":\"sleep 60\"}","call_id":"call_1"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.170Z","type":"response_item","payload":{"type":"function_call","name":"shell_command","arguments":"{\"command\":\"echo quick\"}","call_id":"call_2"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.187Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":900,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0,"total_tokens":940},"last_token_usage":{"input_tokens":900,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0,"total_tokens":940},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.204Z","type":"response_item","payload":{"type":"function_call_output","call_id":"call_1","output":"Wall time: 0.7 seconds\naborted by user"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.221Z","type":"response_item","payload":{"type":"function_call_output","call_id":"call_2","output":"Exit code: 0\nWall time: 0.0 seconds\nOutput:\nquick\n"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.238Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"<turn_aborted>\n…\n</turn_aborted>"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.255Z","type":"event_msg","payload":{"type":"turn_aborted","turn_id":"0197a000-2222-7000-8000-000000000002","reason":"interrupted"}}
)~";

inline constexpr std::string_view compacted_thread =
R"~({"timestamp":"2026-03-05T09:15:10.017Z","type":"session_meta","payload":{"id":"0197a000-1111-7000-8000-000000000003","timestamp":"2026-03-05T09:15:10.001Z","cwd":"/home/dev/demo","originator":"burin_exec","cli_version":"0.1.0","source":"exec","model_provider":"openai","base_instructions":{"text":"BASE"},"git":{"commit_hash":"4f1c2d3e5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d","branch":"main","repository_url":"https://example.com/acme/demo.git"}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.034Z","type":"response_item","payload":{"type":"message","role":"developer","content":[{"type":"input_text","text":"<permissions instructions>…</permissions instructions>"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.051Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context>\n  <cwd>/home/dev/demo</cwd>\n  <shell>bash</shell>\n</environment_context>"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.068Z","type":"event_msg","payload":{"type":"task_started","turn_id":"0197a000-2222-7000-8000-000000000003","model_context_window":258400,"collaboration_mode_kind":"default"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.085Z","type":"turn_context","payload":{"turn_id":"0197a000-2222-7000-8000-000000000003","cwd":"/home/dev/demo","current_date":"2026-03-05","timezone":"Etc/UTC","approval_policy":"never","sandbox_policy":{"type":"workspace-write","network_access":false,"exclude_tmpdir_env_var":false,"exclude_slash_tmp":false},"model":"gpt-5.1-codex","personality":"pragmatic","collaboration_mode":{"mode":"default","settings":{"model":"gpt-5.1-codex","reasoning_effort":null,"developer_instructions":null}},"realtime_active":false,"summary":"auto","truncation_policy":{"mode":"tokens","limit":10000}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.102Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"first question"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.119Z","type":"event_msg","payload":{"type":"user_message","message":"first question","images":[],"local_images":[],"text_elements":[]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.136Z","type":"event_msg","payload":{"type":"token_count","info":null,"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.153Z","type":"event_msg","payload":{"type":"agent_message","message":"first answer","phase":null}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.170Z","type":"response_item","payload":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"first answer"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.187Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":900,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0,"total_tokens":940},"last_token_usage":{"input_tokens":900,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0,"total_tokens":940},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.204Z","type":"event_msg","payload":{"type":"task_complete","turn_id":"0197a000-2222-7000-8000-000000000003","last_agent_message":"first answer"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.221Z","type":"event_msg","payload":{"type":"task_started","turn_id":"0197a000-2222-7000-8000-000000000004","model_context_window":258400,"collaboration_mode_kind":"default"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.238Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":900,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0,"total_tokens":940},"last_token_usage":{"input_tokens":900,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0,"total_tokens":940},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.255Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":1900,"cached_input_tokens":0,"output_tokens":90,"reasoning_output_tokens":0,"total_tokens":1990},"last_token_usage":{"input_tokens":1000,"cached_input_tokens":0,"output_tokens":50,"reasoning_output_tokens":0,"total_tokens":1050},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.272Z","type":"compacted","payload":{"message":"SUMMARY-PREFIX\nsummary text","replacement_history":[{"type":"message","role":"user","content":[{"type":"input_text","text":"first question"}]},{"type":"message","role":"user","content":[{"type":"input_text","text":"SUMMARY-PREFIX\nsummary text"}]}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.289Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":1900,"cached_input_tokens":0,"output_tokens":90,"reasoning_output_tokens":0,"total_tokens":1990},"last_token_usage":{"input_tokens":0,"cached_input_tokens":0,"output_tokens":0,"reasoning_output_tokens":0,"total_tokens":310},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.306Z","type":"event_msg","payload":{"type":"context_compacted"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.323Z","type":"event_msg","payload":{"type":"task_complete","turn_id":"0197a000-2222-7000-8000-000000000004","last_agent_message":null}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.340Z","type":"event_msg","payload":{"type":"task_started","turn_id":"0197a000-2222-7000-8000-000000000005","model_context_window":258400,"collaboration_mode_kind":"default"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.357Z","type":"response_item","payload":{"type":"message","role":"developer","content":[{"type":"input_text","text":"<permissions instructions>…</permissions instructions>"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.374Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context>\n  <cwd>/home/dev/demo</cwd>\n  <shell>bash</shell>\n</environment_context>"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.391Z","type":"turn_context","payload":{"turn_id":"0197a000-2222-7000-8000-000000000005","cwd":"/home/dev/demo","current_date":"2026-03-05","timezone":"Etc/UTC","approval_policy":"never","sandbox_policy":{"type":"workspace-write","network_access":false,"exclude_tmpdir_env_var":false,"exclude_slash_tmp":false},"model":"gpt-5.1-codex","personality":"pragmatic","collaboration_mode":{"mode":"default","settings":{"model":"gpt-5.1-codex","reasoning_effort":null,"developer_instructions":null}},"realtime_active":false,"summary":"auto","truncation_policy":{"mode":"tokens","limit":10000}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.408Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"second question"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.425Z","type":"event_msg","payload":{"type":"user_message","message":"second question","images":[],"local_images":[],"text_elements":[]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.442Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":1900,"cached_input_tokens":0,"output_tokens":90,"reasoning_output_tokens":0,"total_tokens":1990},"last_token_usage":{"input_tokens":0,"cached_input_tokens":0,"output_tokens":0,"reasoning_output_tokens":0,"total_tokens":0},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.459Z","type":"event_msg","payload":{"type":"agent_message","message":"second answer","phase":null}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.476Z","type":"response_item","payload":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"second answer"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.493Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":2900,"cached_input_tokens":0,"output_tokens":110,"reasoning_output_tokens":0,"total_tokens":3010},"last_token_usage":{"input_tokens":1000,"cached_input_tokens":0,"output_tokens":20,"reasoning_output_tokens":0,"total_tokens":1020},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.510Z","type":"event_msg","payload":{"type":"task_complete","turn_id":"0197a000-2222-7000-8000-000000000005","last_agent_message":"second answer"}}
)~";

inline constexpr std::string_view rolled_back_thread =
R"~({"timestamp":"2026-03-05T09:15:10.017Z","type":"session_meta","payload":{"id":"0197a000-1111-7000-8000-000000000004","timestamp":"2026-03-05T09:15:10.001Z","cwd":"/home/dev/demo","originator":"burin_exec","cli_version":"0.1.0","source":"exec","model_provider":"openai","base_instructions":{"text":"BASE"},"git":{"commit_hash":"4f1c2d3e5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d","branch":"main","repository_url":"https://example.com/acme/demo.git"}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.034Z","type":"response_item","payload":{"type":"message","role":"developer","content":[{"type":"input_text","text":"<permissions instructions>…</permissions instructions>"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.051Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context>\n  <cwd>/home/dev/demo</cwd>\n  <shell>bash</shell>\n</environment_context>"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.068Z","type":"event_msg","payload":{"type":"task_started","turn_id":"0197a000-2222-7000-8000-000000000006","model_context_window":258400,"collaboration_mode_kind":"default"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.085Z","type":"turn_context","payload":{"turn_id":"0197a000-2222-7000-8000-000000000006","cwd":"/home/dev/demo","current_date":"2026-03-05","timezone":"Etc/UTC","approval_policy":"never","sandbox_policy":{"type":"workspace-write","network_access":false,"exclude_tmpdir_env_var":false,"exclude_slash_tmp":false},"model":"gpt-5.1-codex","personality":"pragmatic","collaboration_mode":{"mode":"default","settings":{"model":"gpt-5.1-codex","reasoning_effort":null,"developer_instructions":null}},"realtime_active":false,"summary":"auto","truncation_policy":{"mode":"tokens","limit":10000}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.102Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"keep me"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.119Z","type":"event_msg","payload":{"type":"user_message","message":"keep me","images":[],"local_images":[],"text_elements":[]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.136Z","type":"event_msg","payload":{"type":"token_count","info":null,"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.153Z","type":"event_msg","payload":{"type":"agent_message","message":"kept","phase":null}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.170Z","type":"response_item","payload":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"kept"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.187Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":900,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0,"total_tokens":940},"last_token_usage":{"input_tokens":900,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0,"total_tokens":940},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.204Z","type":"event_msg","payload":{"type":"task_complete","turn_id":"0197a000-2222-7000-8000-000000000006","last_agent_message":"kept"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.221Z","type":"event_msg","payload":{"type":"task_started","turn_id":"0197a000-2222-7000-8000-000000000007","model_context_window":258400,"collaboration_mode_kind":"default"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.238Z","type":"turn_context","payload":{"turn_id":"0197a000-2222-7000-8000-000000000007","cwd":"/home/dev/demo","current_date":"2026-03-05","timezone":"Etc/UTC","approval_policy":"never","sandbox_policy":{"type":"workspace-write","network_access":false,"exclude_tmpdir_env_var":false,"exclude_slash_tmp":false},"model":"gpt-5.1-codex","personality":"pragmatic","collaboration_mode":{"mode":"default","settings":{"model":"gpt-5.1-codex","reasoning_effort":null,"developer_instructions":null}},"realtime_active":false,"summary":"auto","truncation_policy":{"mode":"tokens","limit":10000}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.255Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"drop me"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.272Z","type":"event_msg","payload":{"type":"user_message","message":"drop me","images":[],"local_images":[],"text_elements":[]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.289Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":900,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0,"total_tokens":940},"last_token_usage":{"input_tokens":900,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0,"total_tokens":940},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.306Z","type":"event_msg","payload":{"type":"agent_message","message":"dropped","phase":null}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.323Z","type":"response_item","payload":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"dropped"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.340Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":1900,"cached_input_tokens":0,"output_tokens":80,"reasoning_output_tokens":0,"total_tokens":1980},"last_token_usage":{"input_tokens":1000,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0,"total_tokens":1040},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.357Z","type":"event_msg","payload":{"type":"task_complete","turn_id":"0197a000-2222-7000-8000-000000000007","last_agent_message":"dropped"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.374Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":1900,"cached_input_tokens":0,"output_tokens":80,"reasoning_output_tokens":0,"total_tokens":1980},"last_token_usage":{"input_tokens":0,"cached_input_tokens":0,"output_tokens":0,"reasoning_output_tokens":0,"total_tokens":280},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.391Z","type":"event_msg","payload":{"type":"thread_rolled_back","num_turns":1}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.408Z","type":"event_msg","payload":{"type":"task_started","turn_id":"0197a000-2222-7000-8000-000000000008","model_context_window":258400,"collaboration_mode_kind":"default"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.425Z","type":"response_item","payload":{"type":"message","role":"developer","content":[{"type":"input_text","text":"<permissions instructions>…</permissions instructions>"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.442Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context>\n  <cwd>/home/dev/demo</cwd>\n  <shell>bash</shell>\n</environment_context>"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.459Z","type":"turn_context","payload":{"turn_id":"0197a000-2222-7000-8000-000000000008","cwd":"/home/dev/demo","current_date":"2026-03-05","timezone":"Etc/UTC","approval_policy":"never","sandbox_policy":{"type":"workspace-write","network_access":false,"exclude_tmpdir_env_var":false,"exclude_slash_tmp":false},"model":"gpt-5.1-codex","personality":"pragmatic","collaboration_mode":{"mode":"default","settings":{"model":"gpt-5.1-codex","reasoning_effort":null,"developer_instructions":null}},"realtime_active":false,"summary":"auto","truncation_policy":{"mode":"tokens","limit":10000}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.476Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"instead do this"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.493Z","type":"event_msg","payload":{"type":"user_message","message":"instead do this","images":[],"local_images":[],"text_elements":[]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.510Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":1900,"cached_input_tokens":0,"output_tokens":80,"reasoning_output_tokens":0,"total_tokens":1980},"last_token_usage":{"input_tokens":0,"cached_input_tokens":0,"output_tokens":0,"reasoning_output_tokens":0,"total_tokens":0},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.527Z","type":"event_msg","payload":{"type":"agent_message","message":"did this","phase":null}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.544Z","type":"response_item","payload":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"did this"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.561Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":2900,"cached_input_tokens":0,"output_tokens":100,"reasoning_output_tokens":0,"total_tokens":3000},"last_token_usage":{"input_tokens":1000,"cached_input_tokens":0,"output_tokens":20,"reasoning_output_tokens":0,"total_tokens":1020},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.578Z","type":"event_msg","payload":{"type":"task_complete","turn_id":"0197a000-2222-7000-8000-000000000008","last_agent_message":"did this"}}
)~";

inline constexpr std::string_view review =
R"~({"timestamp":"2026-03-05T09:15:10.017Z","type":"session_meta","payload":{"id":"0197a000-1111-7000-8000-000000000005","timestamp":"2026-03-05T09:15:10.001Z","cwd":"/home/dev/demo","originator":"burin_exec","cli_version":"0.1.0","source":"vscode","model_provider":"openai","base_instructions":{"text":"BASE"},"git":{"commit_hash":"4f1c2d3e5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d","branch":"main","repository_url":"https://example.com/acme/demo.git"}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.034Z","type":"response_item","payload":{"type":"message","role":"developer","content":[{"type":"input_text","text":"<permissions instructions>…</permissions instructions>"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.051Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context>\n  <cwd>/home/dev/demo</cwd>\n  <shell>bash</shell>\n</environment_context>"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.068Z","type":"event_msg","payload":{"type":"task_started","turn_id":"0197a000-2222-7000-8000-000000000009","model_context_window":258400,"collaboration_mode_kind":"default"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.085Z","type":"turn_context","payload":{"turn_id":"0197a000-2222-7000-8000-000000000009","cwd":"/home/dev/demo","current_date":"2026-03-05","timezone":"Etc/UTC","approval_policy":"never","sandbox_policy":{"type":"workspace-write","network_access":false,"exclude_tmpdir_env_var":false,"exclude_slash_tmp":false},"model":"gpt-5.1-codex","personality":"pragmatic","collaboration_mode":{"mode":"default","settings":{"model":"gpt-5.1-codex","reasoning_effort":null,"developer_instructions":null}},"realtime_active":false,"summary":"auto","truncation_policy":{"mode":"tokens","limit":10000}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.102Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"hello"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.119Z","type":"event_msg","payload":{"type":"user_message","message":"hello","images":[],"local_images":[],"text_elements":[]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.136Z","type":"event_msg","payload":{"type":"token_count","info":null,"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.153Z","type":"event_msg","payload":{"type":"agent_message","message":"hi","phase":null}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.170Z","type":"response_item","payload":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"hi"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.187Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":900,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0,"total_tokens":940},"last_token_usage":{"input_tokens":900,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0,"total_tokens":940},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.204Z","type":"event_msg","payload":{"type":"task_complete","turn_id":"0197a000-2222-7000-8000-000000000009","last_agent_message":"hi"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.221Z","type":"event_msg","payload":{"type":"entered_review_mode","target":{"type":"uncommittedChanges"},"user_facing_hint":"current changes"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.238Z","type":"event_msg","payload":{"type":"task_started","turn_id":"0197a000-2222-7000-8000-000000000099","model_context_window":258400,"collaboration_mode_kind":"default"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.255Z","type":"event_msg","payload":{"type":"user_message","message":"REVIEW PROMPT","images":[],"local_images":[],"text_elements":[]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.272Z","type":"event_msg","payload":{"type":"user_message","message":"REVIEW PROMPT","images":[],"local_images":[],"text_elements":[]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.289Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"<user_action>\n  <context>…</context>\n  <action>review</action>\n  <results>\n  One blocking defect.\n\nReview comment:\n\n- [P1] Handle empty input — /home/dev/demo/src/parse.cc:10-14\n  parse() panics on an empty string.\n  </results>\n</user_action>\n"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.306Z","type":"event_msg","payload":{"type":"exited_review_mode","review_output":{"findings":[{"title":"[P1] Handle empty input","body":"parse() panics on an empty string.","confidence_score":0.9,"priority":1,"code_location":{"absolute_file_path":"/home/dev/demo/src/parse.cc","line_range":{"start":10,"end":14}}}],"overall_correctness":"patch is incorrect","overall_explanation":"One blocking defect.","overall_confidence_score":0.8}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.323Z","type":"response_item","payload":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"One blocking defect.\n\nReview comment:\n\n- [P1] Handle empty input — /home/dev/demo/src/parse.cc:10-14\n  parse() panics on an empty string."}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.340Z","type":"event_msg","payload":{"type":"agent_message","message":"One blocking defect.\n\nReview comment:\n\n- [P1] Handle empty input — /home/dev/demo/src/parse.cc:10-14\n  parse() panics on an empty string.","phase":null}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.357Z","type":"event_msg","payload":{"type":"task_complete","turn_id":"0197a000-2222-7000-8000-000000000010","last_agent_message":null}}
)~";

inline constexpr std::string_view fork =
R"~({"timestamp":"2026-03-05T09:15:10.017Z","type":"session_meta","payload":{"id":"0197a000-1111-7000-8000-000000000006","forked_from_id":"0197a000-1111-7000-8000-000000000001","timestamp":"2026-03-05T09:15:10.001Z","cwd":"/home/dev/demo","originator":"burin_exec","cli_version":"0.1.0","source":"vscode","model_provider":"openai","base_instructions":{"text":"BASE"},"git":{"commit_hash":"4f1c2d3e5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d","branch":"main","repository_url":"https://example.com/acme/demo.git"}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.034Z","type":"session_meta","payload":{"id":"0197a000-1111-7000-8000-000000000001","timestamp":"2026-03-05T09:15:10.001Z","cwd":"/home/dev/demo","originator":"burin_exec","cli_version":"0.1.0","source":"exec","model_provider":"openai","base_instructions":{"text":"BASE"},"git":{"commit_hash":"4f1c2d3e5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d","branch":"main","repository_url":"https://example.com/acme/demo.git"}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.051Z","type":"response_item","payload":{"type":"message","role":"developer","content":[{"type":"input_text","text":"<permissions instructions>…</permissions instructions>"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.068Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context>\n  <cwd>/home/dev/demo</cwd>\n  <shell>bash</shell>\n</environment_context>"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.085Z","type":"event_msg","payload":{"type":"task_started","turn_id":"0197a000-2222-7000-8000-000000000001","model_context_window":258400,"collaboration_mode_kind":"default"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.102Z","type":"turn_context","payload":{"turn_id":"0197a000-2222-7000-8000-000000000001","cwd":"/home/dev/demo","current_date":"2026-03-05","timezone":"Etc/UTC","approval_policy":"never","sandbox_policy":{"type":"workspace-write","network_access":false,"exclude_tmpdir_env_var":false,"exclude_slash_tmp":false},"model":"gpt-5.1-codex","personality":"pragmatic","collaboration_mode":{"mode":"default","settings":{"model":"gpt-5.1-codex","reasoning_effort":null,"developer_instructions":null}},"realtime_active":false,"summary":"auto","truncation_policy":{"mode":"tokens","limit":10000}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.119Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"create a.txt"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.136Z","type":"event_msg","payload":{"type":"user_message","message":"create a.txt","images":[],"local_images":[],"text_elements":[]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.153Z","type":"event_msg","payload":{"type":"token_count","info":null,"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.170Z","type":"event_msg","payload":{"type":"agent_reasoning","text":"**Creating the file**"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.187Z","type":"response_item","payload":{"type":"reasoning","summary":[{"type":"summary_text","text":"**Creating the file**"}],"content":null,"encrypted_content":"gAAAA…"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.204Z","type":"response_item","payload":{"type":"function_call","name":"shell_command","arguments":"{\"command\":\"echo hi > a.txt; cat a.txt\"}","call_id":"call_1"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.221Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":900,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0,"total_tokens":940},"last_token_usage":{"input_tokens":900,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0,"total_tokens":940},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.238Z","type":"response_item","payload":{"type":"function_call_output","call_id":"call_1","output":"Exit code: 0\nWall time: 0.1 seconds\nOutput:\nhi\n"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.255Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":900,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0,"total_tokens":940},"last_token_usage":{"input_tokens":900,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0,"total_tokens":940},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.272Z","type":"event_msg","payload":{"type":"agent_message","message":"Created a.txt.","phase":null}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.289Z","type":"response_item","payload":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Created a.txt."}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.306Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":1900,"cached_input_tokens":0,"output_tokens":60,"reasoning_output_tokens":0,"total_tokens":1960},"last_token_usage":{"input_tokens":1000,"cached_input_tokens":0,"output_tokens":20,"reasoning_output_tokens":0,"total_tokens":1020},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.323Z","type":"event_msg","payload":{"type":"task_complete","turn_id":"0197a000-2222-7000-8000-000000000001","last_agent_message":"Created a.txt."}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.340Z","type":"response_item","payload":{"type":"message","role":"developer","content":[{"type":"input_text","text":"<permissions instructions>…</permissions instructions>"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.357Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context>\n  <cwd>/home/dev/demo</cwd>\n  <shell>bash</shell>\n</environment_context>"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.374Z","type":"event_msg","payload":{"type":"task_started","turn_id":"0197a000-2222-7000-8000-000000000011","model_context_window":258400,"collaboration_mode_kind":"default"}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.391Z","type":"turn_context","payload":{"turn_id":"0197a000-2222-7000-8000-000000000011","cwd":"/home/dev/demo","current_date":"2026-03-05","timezone":"Etc/UTC","approval_policy":"never","sandbox_policy":{"type":"workspace-write","network_access":false,"exclude_tmpdir_env_var":false,"exclude_slash_tmp":false},"model":"gpt-5.1-codex","personality":"pragmatic","collaboration_mode":{"mode":"default","settings":{"model":"gpt-5.1-codex","reasoning_effort":null,"developer_instructions":null}},"realtime_active":false,"summary":"auto","truncation_policy":{"mode":"tokens","limit":10000}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.408Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"continue differently"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.425Z","type":"event_msg","payload":{"type":"user_message","message":"continue differently","images":[],"local_images":[],"text_elements":[]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.442Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":1900,"cached_input_tokens":0,"output_tokens":60,"reasoning_output_tokens":0,"total_tokens":1960},"last_token_usage":{"input_tokens":1000,"cached_input_tokens":0,"output_tokens":20,"reasoning_output_tokens":0,"total_tokens":1020},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.459Z","type":"event_msg","payload":{"type":"agent_message","message":"ok","phase":null}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.476Z","type":"response_item","payload":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"ok"}]}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.493Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":2900,"cached_input_tokens":0,"output_tokens":80,"reasoning_output_tokens":0,"total_tokens":2980},"last_token_usage":{"input_tokens":1000,"cached_input_tokens":0,"output_tokens":20,"reasoning_output_tokens":0,"total_tokens":1020},"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null}}}
)~"
R"~({"timestamp":"2026-03-05T09:15:10.510Z","type":"event_msg","payload":{"type":"task_complete","turn_id":"0197a000-2222-7000-8000-000000000011","last_agent_message":"ok"}}
)~";
// clang-format on
}  // namespace burin::wire::samples
