// Drives the program through the SDK; prints one JSON object with what it saw. Arguments: binary, base URL, cwd, image.
import { Codex } from "@openai/codex-sdk";

const [binary, baseUrl, cwd, image] = process.argv.slice(2);
const env = { ...process.env };
const codex = new Codex({
  codexPathOverride: binary,
  env,
  config: {
    model_provider: "mock",
    model_providers: { mock: { name: "mock", base_url: baseUrl, stream_max_retries: 0, request_max_retries: 0 } },
    model: "gpt-5.1-codex",
    sandbox_workspace_write: { network_access: false },
  },
});
const options = {
  workingDirectory: cwd, sandboxMode: "workspace-write", approvalPolicy: "on-request", modelReasoningEffort: "low",
  networkAccessEnabled: false, webSearchMode: "disabled", additionalDirectories: [cwd], skipGitRepoCheck: true,
};
const seen = {};

const thread = codex.startThread(options);
const first = await thread.run("first");
seen.first = { response: first.finalResponse, usage: first.usage, items: first.items.map((i) => i.type), id: thread.id };

const second = await codex.resumeThread(thread.id, options).run([
  { type: "text", text: "second" }, { type: "local_image", path: image }]);
seen.second = second.finalResponse;

const schema = { type: "object", properties: { a: { type: "number" } }, required: ["a"], additionalProperties: false };
const structured = await codex.startThread(options).run("structured", { outputSchema: schema });
seen.structured = structured.finalResponse;

const types = [];
const { events } = await codex.startThread(options).runStreamed("streamed");
for await (const event of events) types.push(event.type);
seen.streamed = types;

try {
  await codex.startThread(options).run("fail");
  seen.failure = "none";
} catch (error) {
  seen.failure = String(error.message);
}

const controller = new AbortController();
setTimeout(() => controller.abort(), 1500);
try {
  await codex.startThread(options).run("hang", { signal: controller.signal });
  seen.abort = "none";
} catch (error) {
  seen.abort = error.name;
}
console.log(JSON.stringify(seen));
