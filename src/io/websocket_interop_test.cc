// Our WebSocket client before a second implementation: Boost.Beast's server, in a thread of its own, over a real
// socket.
#include <atomic>
#include <thread>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <gtest/gtest.h>

#include "io/environment.h"
#include "io/loop.h"
#include "io/websocket.h"

namespace burin::io {

namespace {

namespace beast = boost::beast;
namespace ws = beast::websocket;
using tcp = boost::asio::ip::tcp;

/// Echoes texts until the peer closes; a text "close" makes it say goodbye with 1001, "ping" sends a ping first, and
/// "pieces" is answered in three fragments.
class BeastServer {
 public:
  explicit BeastServer(ws::permessage_deflate deflate) : acceptor_(context_, tcp::endpoint(tcp::v4(), 0)) {
    thread_ = std::thread([this, deflate] { serve(deflate); });
  }
  ~BeastServer() {
    beast::error_code ignored;
    acceptor_.close(ignored);
    thread_.join();
  }
  std::string url() const { return "ws://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/x"; }
  std::atomic<std::size_t> pongs = 0;

 private:
  void serve(ws::permessage_deflate deflate) {
    beast::error_code error;
    tcp::socket socket(context_);
    acceptor_.accept(socket, error);
    if (error) return;
    ws::stream<tcp::socket> stream(std::move(socket));
    stream.set_option(deflate);
    stream.read_message_max(64 << 20);
    stream.control_callback([this](ws::frame_type kind, beast::string_view) { pongs += kind == ws::frame_type::pong; });
    stream.accept(error);
    for (;;) {
      beast::flat_buffer buffer;
      stream.read(buffer, error);
      if (error) return;
      std::string text = beast::buffers_to_string(buffer.data());
      if (text == "close") return stream.close(ws::close_reason(ws::close_code::going_away, "bye"), error);
      if (text == "ping") stream.ping("are you there", error);
      stream.text(true);
      if (text == "pieces") {
        stream.write_some(false, boost::asio::buffer("pi", 2), error);
        stream.write_some(false, boost::asio::buffer("ec", 2), error);
        stream.write_some(true, boost::asio::buffer("es", 2), error);
      } else {
        stream.write(boost::asio::buffer(text), error);
      }
    }
  }

  boost::asio::io_context context_;
  tcp::acceptor acceptor_;
  std::thread thread_;
};

std::vector<ws::permessage_deflate> variants() {
  ws::permessage_deflate off, on, fresh, small;
  off.server_enable = false;
  on.server_enable = true;
  fresh.server_enable = true;
  fresh.server_no_context_takeover = fresh.client_no_context_takeover = true;
  small.server_enable = true;
  small.server_max_window_bits = small.client_max_window_bits = 9;
  return {off, on, fresh, small};
}

struct InteropTest : ::testing::TestWithParam<std::size_t> {
  Loop loop;
  Pool pool;
  Environment env;
  std::unique_ptr<Http> http = make_real_http(loop, pool, env);
  template <class T>
  Result<T> run(Task<Result<T>> task) {
    return run_task(loop, with_deadline(seconds(20), "test", std::move(task)));
  }
  static Task<Result<std::string>> echo(WebSocket* socket, std::string text) {
    CO_CHECK(co_await socket->send(text));
    auto items = co_await socket->receive();
    co_return items.empty() ? "<end>" : items[0].data;
  }
};

TEST_P(InteropTest, EchoesOfEverySize) {
  BeastServer server(variants()[GetParam()]);
  auto opened = run(open_websocket(*http, real_random(), {.url = server.url()}));
  ASSERT_TRUE(opened) << opened.error().text();
  ASSERT_TRUE(opened->socket);
  auto& socket = *opened->socket;
  for (std::size_t size : {0U, 1U, 2U, 124U, 125U, 126U, 127U, 4096U, 65535U, 65536U, 1U << 20, 5U << 20}) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text.push_back(static_cast<char>('a' + (i * i / 7) % 26));
    auto back = run(echo(&socket, text));
    ASSERT_TRUE(back) << size;
    EXPECT_TRUE(*back == text) << size;
  }
  EXPECT_EQ(run(echo(&socket, "ping")).value(), "ping");
  EXPECT_EQ(run(echo(&socket, "pieces")).value(), "pieces");
  EXPECT_EQ(run(echo(&socket, "after")).value(), "after");
  EXPECT_EQ(server.pongs, 1U);
  EXPECT_EQ(run(echo(&socket, "close")).value(), "<end>");
  EXPECT_EQ(socket.end()->how, WsEnd::How::close_frame);
  EXPECT_EQ(socket.end()->code, 1001);
  EXPECT_EQ(socket.end()->text, "bye");
}

INSTANTIATE_TEST_SUITE_P(Deflate, InteropTest, ::testing::Values(0U, 1U, 2U, 3U));

}  // namespace

}  // namespace burin::io
