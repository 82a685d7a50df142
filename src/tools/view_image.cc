#include "tools/view_image.h"

#include "base/text.h"
#include "context/images.h"
#include "tools/arguments.h"

namespace burin::tools {

namespace view_image_detail {

struct Arguments {
  std::string path;
};
BURIN_WIRE(Arguments, path)

class ViewImageTool : public Tool {
 public:
  io::Task<ToolResult> run(ToolCall call, ToolContext& context) override {
    if (!context.model.supports_images()) {
      co_return answer("view_image is not allowed because you do not support image inputs", false);
    }
    auto a = read_arguments<Arguments>(call.input);
    if (!a) co_return answer(argument_error(a.error()), false);
    std::string file = path::join(context.cwd, a->path);
    auto info = context.world.files.stat(file);
    if (!info) {
      co_return answer(fmt::format("unable to locate image at `{}`: {}", file, info.error().reason()), false);
    }
    if (info->type != io::FileInfo::Type::regular) {
      co_return answer(fmt::format("image path `{}` is not a file", file), false);
    }
    auto* files = &context.world.files;
    auto outcome =
        co_await io::offload(context.world.pool, [files, file] { return context::load_image(*files, file); });
    context.host.emit(wire::event::ViewImageToolCall{.call_id = call.call_id, .path = file});
    std::vector<wire::ContentItem> items;
    if (auto* image = std::get_if<context::ImageData>(&outcome)) {
      items.push_back(wire::InputImage{.image_url = std::move(image->url)});
    } else {
      items.push_back(wire::InputText{std::move(std::get<context::ImageProblem>(outcome).text)});
    }
    co_return ToolOutput{{std::move(items), std::nullopt}, true};
  }
};

}  // namespace view_image_detail

std::shared_ptr<Tool> make_view_image_tool() { return std::make_shared<view_image_detail::ViewImageTool>(); }

}  // namespace burin::tools
