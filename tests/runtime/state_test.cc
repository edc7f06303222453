// What persists between replays, and whose it is.
#include <gtest/gtest.h>
#include <atomic>
#include <cstring>
#include "tests/runtime/fixtures.h"

namespace rondo {
namespace {

using fixtures::must;
using fixtures::proven;
using fixtures::text_of;

// cache f32[8, 4]: row `pos` becomes x, then y = cache.
class StateOfASession : public ::testing::Test {
 protected:
  Session make(SessionOptions options = {}) {
    Session session = must(program_.session(options));
    EXPECT_EQ(text_of(session.bind("x", x_)), "ok");
    EXPECT_EQ(text_of(session.bind("y", y_)), "ok");
    return session;
  }
  void append(Session& session, int64_t position, float value) {
    x_.assign(4, value);
    ASSERT_EQ(text_of(session.set_scalar("pos", position)), "ok");
    ASSERT_EQ(text_of(session.replay()), "ok");
  }
  std::vector<float> first_column() const {
    std::vector<float> column;
    for (size_t row = 0; row < 8; ++row) column.push_back(y_[4 * row]);
    return column;
  }

  Runtime runtime_;
  Program program_ = must(runtime_.prepare(proven(fixtures::append_to_state())));
  std::vector<float> x_ = std::vector<float>(4), y_ = std::vector<float>(32, -1.0f);
};

TEST_F(StateOfASession, StartsAtZeroAndKeepsWhatReplaysAppend) {
  Session session = make();
  append(session, 0, 1.0f);
  append(session, 1, 2.0f);
  append(session, 7, 3.0f);
  EXPECT_EQ(first_column(), (std::vector<float>{1, 2, 0, 0, 0, 0, 0, 3}));
  EXPECT_EQ(session.epoch(), 3u);
}

TEST_F(StateOfASession, IsZeroAgainAfterRestart) {
  Session session = make();
  append(session, 0, 1.0f);
  ASSERT_EQ(text_of(session.restart()), "ok");
  append(session, 1, 2.0f);
  EXPECT_EQ(first_column(), (std::vector<float>{0, 2, 0, 0, 0, 0, 0, 0}));
}

TEST_F(StateOfASession, GoesFromSessionToSessionWithTheConversation) {
  State conversation = must(program_.state());
  {
    Session session = make({.own_state = false});
    ASSERT_EQ(text_of(session.attach(conversation)), "ok");
    append(session, 0, 1.0f);
  }
  Session session = make();
  ASSERT_EQ(text_of(session.attach(conversation)), "ok");
  append(session, 1, 2.0f);
  EXPECT_EQ(first_column(), (std::vector<float>{1, 2, 0, 0, 0, 0, 0, 0}));
  float kept = 0;
  std::memcpy(&kept, must(conversation.bytes("cache")).data(), sizeof kept);
  EXPECT_EQ(kept, 1.0f);
}

TEST_F(StateOfASession, MayLieInMemoryOfTheHost) {
  std::vector<float> cache(32, 9.0f);
  Session session = make({.own_state = false});
  ASSERT_EQ(text_of(session.bind("cache", cache)), "ok");
  append(session, 2, 1.0f);
  EXPECT_EQ(first_column(), (std::vector<float>{9, 9, 1, 9, 9, 9, 9, 9}));
  EXPECT_EQ(cache, y_);
}

TEST_F(StateOfASession, IsItsOwnAgainWhenTheHostsBufferIsUnbound) {
  std::vector<float> cache(32, 9.0f);
  Session session = make();
  append(session, 0, 1.0f);
  ASSERT_EQ(text_of(session.bind("cache", cache)), "ok");
  ASSERT_EQ(text_of(session.unbind(must(program_.binding("cache")))), "ok");
  append(session, 1, 2.0f);
  EXPECT_EQ(first_column(), (std::vector<float>{1, 2, 0, 0, 0, 0, 0, 0}));
}

TEST_F(StateOfASession, OfAnotherProgramIsRefused) {
  Program other = must(runtime_.prepare(proven(fixtures::append_to_state())));
  Session session = make();
  EXPECT_EQ(text_of(session.attach(must(other.state()))), "invalid-argument: the state belongs to another program");
}

TEST_F(StateOfASession, LiesApartFromEverythingBound) {
  State conversation = must(program_.state());
  std::span<std::byte> cache = must(conversation.bytes("cache"));
  Session session = make({.own_state = false});
  ASSERT_EQ(text_of(session.bind("y", Buffer(cache.data(), cache.size(), DType::kF32))), "ok");
  const std::string refused =
      "invalid-argument: the buffer for state 'cache' shares 128 B with output 'y'; state 'cache' is written and must "
      "lie apart";
  EXPECT_EQ(text_of(session.attach(conversation)), refused);

  std::vector<float> other(32);
  ASSERT_EQ(text_of(session.bind("cache", other)), "ok");
  ASSERT_EQ(text_of(session.attach(conversation)), "ok");  // its memory is not in use here
  EXPECT_EQ(text_of(session.unbind(must(program_.binding("cache")))), refused);
  ASSERT_EQ(text_of(session.set_scalar("pos", 0)), "ok");
  EXPECT_EQ(text_of(session.replay()), "ok");
}

TEST_F(StateOfASession, IsSuspectInEverySessionAfterAnInterruptedReplay) {
  State conversation = must(program_.state());
  Session first = make({.own_state = false}), second = make({.own_state = false});
  for (Session* session : {&first, &second}) {
    ASSERT_EQ(text_of(session->attach(conversation)), "ok");
    ASSERT_EQ(text_of(session->set_scalar("pos", 0)), "ok");
  }
  const std::atomic<bool> stop{true};
  EXPECT_EQ(text_of(first.replay(stop)), "cancelled: the replay was stopped after 0 of 2 ops");
  EXPECT_TRUE(conversation.interrupted());
  EXPECT_EQ(text_of(second.replay()),
            "failed-precondition: a replay that used the state was interrupted; restart the session or clear the "
            "state");
  ASSERT_EQ(text_of(conversation.clear()), "ok");
  EXPECT_EQ(text_of(second.replay()), "ok");
}

TEST_F(StateOfASession, ListsTheStateThereIs) {
  EXPECT_EQ(text_of(must(program_.state()).bytes("k")), "not-found: there is no state 'k'; the schedule has 'cache'");
  EXPECT_EQ(text_of(make({.own_state = false}).state()), "not-found: the session has no state of its own");
}

TEST_F(StateOfASession, MovesWithAScalarThatIsCheckedWhenItIsSet) {
  Session session = make();
  EXPECT_EQ(text_of(session.replay()), "failed-precondition: replay needs scalar 'pos'");
  EXPECT_EQ(text_of(session.set_scalar("pos", 8)), "invalid-argument: scalar 'pos' must be in [0, 7], not 8");
  EXPECT_EQ(text_of(session.set_scalar("pos", -1)), "invalid-argument: scalar 'pos' must be in [0, 7], not -1");
  EXPECT_EQ(text_of(session.set_scalar("row", 0)), "not-found: there is no scalar 'row'; the schedule has 'pos'");
  EXPECT_EQ(text_of(program_.scalar("row")), "not-found: there is no scalar 'row'; the schedule has 'pos'");
  EXPECT_EQ(text_of(session.set_scalar(must(program_.scalar("pos")), 7)), "ok");
  EXPECT_EQ(text_of(session.replay()), "ok");
}

}  // namespace
}  // namespace rondo
