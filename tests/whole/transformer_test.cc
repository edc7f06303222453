// A transformer from graph to replay: the block, decode steps over a cache, conversations
// that take turns, rings and pages, on the host and on a device whose memory the host does
// not reach. What a step computes is held against the whole prefix, evaluated from scratch
// in double precision, and what the device computes against the host, bit by bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "tests/whole/cached_graphs.h"
#include "tests/whole/conversation.h"

namespace rondo {
namespace {

using testing::Conversation;
using testing::Data;
using testing::faithful_plan;
using testing::graph_of;
using testing::kEverywhere;
using testing::library_text;
using testing::Where;
using testing::World;
using testing::worst_error;

// Text with every `from` replaced.
std::string with(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

// ---- The block -------------------------------------------------------------------

TEST(Gpt2Block, IsTwentyOpsWithoutACopy) {
  const Schedule schedule = faithful_plan({graph_of(library_text("gpt2-block-128"))});
  std::map<std::string, int> kernels;
  for (const Stream& stream : schedule.streams)
    if (stream.part == static_cast<uint8_t>(Part::kReplay))
      for (uint32_t op = stream.first_op; op < stream.first_op + stream.op_count; ++op)
        ++kernels[std::string(schedule.name(schedule.kernels[schedule.ops[op].kernel].name))];
  EXPECT_EQ(kernels, (std::map<std::string, int>{{"add", 2}, {"attention", 12}, {"layer_norm", 2}, {"matmul", 4}}));
}

// Behind two layer norms the proven bound is finite, and about as large as the results; the
// error itself is held, too: of results up to 6 it is 4e-6.
TEST(Gpt2Block, ComputesWhatDoublePrecisionDoes) {
  for (const uint32_t lanes : {1u, 2u}) {
    const World world({library_text("gpt2-block-128")}, 5, lanes);
    Conversation one(world, "y");
    Data weights = world.weights;
    one.bind("x", weights["x"]);
    one.replay();
    static const auto expected = evaluate_graph(world.graph, world.given());
    ASSERT_TRUE(expected.ok());
    EXPECT_LT(worst_error(one.result, expected->at("y").value.data()), 2e-5);
    EXPECT_TRUE(compare(expected->at("y"), one.result).agrees());
    for (const double bound : expected->at("y").bound) ASSERT_LT(bound, 20);
  }
}

// ---- Decode ----------------------------------------------------------------------

constexpr int64_t kTinyCapacity = 24;

// Logits of these tokens: the prefill graph cut to as many, from scratch.
Evaluated evaluated_prefix(const World& world, const std::vector<int64_t>& tokens) {
  const std::string count = std::to_string(tokens.size());
  std::string text = library_text("gpt2-tiny-prefill");
  text = with(with(text, "{shape: [9], limit", "{shape: [" + count + "], limit"), "end: 9}", "end: " + count + "}");
  const Graph prefix = graph_of(text);
  GraphData given = world.given();
  given.indices["tokens"] = tokens;
  given.scalars["position"] = 0;
  const auto results = evaluate_graph(prefix, given);
  EXPECT_TRUE(results.ok()) << (results.ok() ? "" : results.error().to_string());
  return results->at("prompt_logits");
}

// Of the last of them.
std::vector<double> logits_of_prefix(const World& world, const std::vector<int64_t>& tokens) {
  const std::vector<double> all = evaluated_prefix(world, tokens).value;
  const size_t vocabulary = all.size() / tokens.size();
  return {all.end() - static_cast<int64_t>(vocabulary), all.end()};
}

std::vector<int64_t> some_tokens(uint64_t seed, size_t count) {
  std::vector<int64_t> tokens;
  for (size_t i = 0; i < count; ++i) tokens.push_back(static_cast<int64_t>((seed * 37 + i * i * 11 + i * 5) % 101));
  return tokens;
}

constexpr double kLogitError = 1e-5;  // seen: 9e-7; a row of the cache that is missing moves logits by more than 1e-3

TEST(Decode, EveryPositionOfOneScheduleIsTheWholePrefixFromScratch) {
  for (const uint32_t lanes : {1u, 3u}) {
    const World world({library_text("gpt2-tiny-decode")}, 5, lanes, lanes == 1 ? Where::kDevice : Where::kHost);
    Conversation one(world, "logits");
    const std::vector<int64_t> tokens = some_tokens(1, kTinyCapacity);
    for (int64_t position = 0; position < kTinyCapacity; ++position) {
      one.set_table("token", {static_cast<int32_t>(tokens[position])});
      one.replay(position);
      const std::vector<double> expected = logits_of_prefix(world, {tokens.begin(), tokens.begin() + position + 1});
      ASSERT_LT(worst_error(one.result, expected.data()), kLogitError) << "position " << position;
    }
  }
}

// Two layers, four layer norms and a fifth: an error within the bound cannot be told from
// roundings, one beyond it is found.
TEST(Decode, ProvenBoundsReachTheLogits) {
  const World world({library_text("gpt2-tiny-decode")});
  const std::vector<int64_t> tokens = some_tokens(1, 4);
  const Evaluated logits = evaluated_prefix(world, tokens);
  double widest = 0;
  for (size_t at = 0; at < logits.value.size(); ++at) {
    widest = std::max(widest, logits.bound[at]);
    for (const double part : {-1.01, -0.99, 0.99, 1.01}) {
      std::vector<float> planted(logits.value.begin(), logits.value.end());
      planted[at] = static_cast<float>(logits.value[at] + part * logits.bound[at]);
      ASSERT_EQ(compare(logits, planted).agrees(), std::fabs(part) < 1) << "logit " << at << ", " << part;
    }
  }
  EXPECT_LT(widest, 30);
  std::printf("bound of logits up to %.2g\n", widest);
}

// The bound above sees a cache that is off by one row.
TEST(Decode, AMissingRowShows) {
  const World world({library_text("gpt2-tiny-decode")});
  Conversation one(world, "logits");
  const std::vector<int64_t> tokens = some_tokens(1, 6);
  for (const int64_t position : {0, 1, 2, 4}) {  // 3 is never appended: row 3 is zero
    one.set_table("token", {static_cast<int32_t>(tokens[position])});
    one.replay(position);
  }
  EXPECT_GT(worst_error(one.result, logits_of_prefix(world, {tokens.begin(), tokens.begin() + 5}).data()), 1e-3);
}

class Conversations : public ::testing::TestWithParam<Where> {};
INSTANTIATE_TEST_SUITE_P(Everywhere, Conversations, ::testing::ValuesIn(kEverywhere), [](const auto& where) {
  return std::string(where.param == Where::kHost     ? "OnTheHost"
                     : where.param == Where::kDevice ? "OnADevice"
                                                     : "ThroughScratchOfADevice");
});

TEST_P(Conversations, TakeTurns) {
  const World world({library_text("gpt2-tiny-decode")}, 5, 2, GetParam());
  // One session, two states; and a third conversation in a session of its own.
  Conversation shared(world, "logits"), apart(world, "logits");
  const std::vector<std::vector<int64_t>> tokens = {some_tokens(1, 8), some_tokens(2, 8), some_tokens(3, 8)};
  const State states[] = {*world.program->state(), *world.program->state()};
  for (int64_t position = 0; position < 8; ++position)
    for (const int who : {0, 1, 2}) {
      Conversation& one = who == 2 ? apart : shared;
      if (who < 2) {
        ASSERT_TRUE(one.session().attach(states[who]).ok());
      }
      one.set_table("token", {static_cast<int32_t>(tokens[who][position])});
      one.replay(position);
      const std::vector<double> expected =
          logits_of_prefix(world, {tokens[who].begin(), tokens[who].begin() + position + 1});
      ASSERT_LT(worst_error(one.result, expected.data()), kLogitError) << who << " at " << position;
    }
}

// ---- On a device, bit by bit ------------------------------------------------------------

std::vector<std::byte> content(const State& state, const std::string& name, uint64_t bytes) {
  std::vector<std::byte> made(bytes);
  const Status read = state.read(name, made);
  EXPECT_TRUE(read.ok()) << (read.ok() ? "" : read.error().to_string());
  return made;
}

TEST(DeviceDecode, IsTheHostsBitByBitAndSoIsTheCache) {
  for (const uint32_t lanes : {1u, 2u}) {
    const std::vector<std::string> text = {library_text("gpt2-tiny-decode")};
    const World host(text, 5, lanes), device(text, 5, lanes, Where::kDevice);
    EXPECT_EQ(device.program->way().text(), lanes == 1 ? "emulated, one persistent launch of one lane"
                                                       : "emulated, one persistent launch of 2 lanes");
    Conversation expected(host, "logits"), found(device, "logits");
    const std::vector<int64_t> tokens = some_tokens(2, kTinyCapacity);
    for (int64_t position = 0; position < kTinyCapacity; ++position) {
      for (Conversation* one : {&expected, &found}) {
        one->set_table("token", {static_cast<int32_t>(tokens[position])});
        one->replay(position);
      }
      ASSERT_EQ(std::memcmp(found.result.data(), expected.result.data(), found.result.size() * sizeof(float)), 0)
          << "position " << position << " on " << lanes;
    }
    for (const char* name : {"h0.keys", "h0.values", "h1.keys", "h1.values"})
      EXPECT_EQ(content(*found.session().state(), name, 24 * 64 * 4),
                content(*expected.session().state(), name, 24 * 64 * 4))
          << name;
  }
}

TEST(DeviceDecode, RefusesATokenBeyondTheVocabulary) {
  const World device({library_text("gpt2-tiny-decode")}, 5, 1, Where::kDevice);
  Conversation one(device, "logits");
  const std::vector<int32_t> beyond = {101};
  const Status refused = one.session().set_table(*device.program->binding("token"), Buffer(beyond));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, "entry 0 of table 'token' is 101; entries are at least 0 and below 101");
}

// ---- Prefill and decode in one file --------------------------------------------------

TEST_P(Conversations, BeginWithAPrefillThatSharesTheirCache) {
  for (const uint32_t lanes : {1u, 2u}) {
    const World world({library_text("gpt2-tiny-prefill"), library_text("gpt2-tiny-decode")}, 5, lanes, GetParam());
    const Program prefill = *world.program->member("gpt2-tiny-prefill"),
                  decode = *world.program->member("gpt2-tiny-decode");
    Conversation one(world, "logits");
    std::vector<float> prompt_logits(9 * 101, 12345.0f);
    ASSERT_TRUE(one.session().bind("prompt_logits", prompt_logits).ok());
    const std::vector<int64_t> tokens = some_tokens(4, 20);
    const auto expected = [&](int64_t count) {
      return logits_of_prefix(world, {tokens.begin(), tokens.begin() + count});
    };

    // A prompt of 6, padded to 9; what is appended after it takes the place of the padding.
    std::vector<int32_t> padded(9, 0);
    for (size_t i = 0; i < 6; ++i) padded[i] = static_cast<int32_t>(tokens[i]);
    ASSERT_TRUE(one.session().select(prefill).ok());
    one.set_table("tokens", padded);
    one.set_table("token", {0});
    one.replay(0);
    EXPECT_LT(worst_error(std::span(prompt_logits).subspan(5 * 101, 101), expected(6).data()), kLogitError);

    ASSERT_TRUE(one.session().select(decode).ok());
    for (int64_t position = 6; position < 20; ++position) {
      one.set_table("token", {static_cast<int32_t>(tokens[position])});
      one.replay(position);
      ASSERT_LT(worst_error(one.result, expected(position + 1).data()), kLogitError) << "position " << position;
    }
  }
}

TEST(GptSet, GivesTheSameBitsForAnyNumberOfWorkers) {
  std::vector<float> logits_expected;
  for (const uint32_t workers : {1u, 2u, 3u, 4u}) {
    const World world({library_text("gpt2-tiny-prefill"), library_text("gpt2-tiny-decode")}, 5, 4, Where::kHost,
                      workers);
    const Program members[] = {*world.program->member("gpt2-tiny-prefill"), *world.program->member("gpt2-tiny-decode")};
    for (const Program& member : members) EXPECT_EQ(member.workers(), workers);
    Conversation one(world, "logits"), other(world, "logits");
    std::vector<float> prompts[2];
    const std::vector<int64_t> tokens = some_tokens(6, 20);
    const std::vector<int32_t> prompt(tokens.begin(), tokens.begin() + 9);
    std::vector<float> all;
    // Two conversations, one a step behind the other: the member changes within a step.
    for (int64_t step = 0; step < 9; ++step)
      for (const int who : {0, 1}) {
        Conversation& talk = who == 0 ? one : other;
        const int64_t turn = step - who;
        if (turn < 0) continue;
        ASSERT_TRUE(talk.session().select(members[turn == 0 ? 0 : 1]).ok());
        if (turn == 0) {
          prompts[who].assign(9 * 101, 12345.0f);
          ASSERT_TRUE(talk.session().bind("prompt_logits", prompts[who]).ok());
          talk.set_table("tokens", prompt);
          talk.replay(0);
          all.insert(all.end(), prompts[who].begin(), prompts[who].end());
          continue;
        }
        talk.set_table("token", {static_cast<int32_t>(tokens[8 + turn])});
        talk.replay(8 + turn);
        all.insert(all.end(), talk.result.begin(), talk.result.end());
      }
    if (workers == 1) logits_expected = all;
    ASSERT_EQ(all.size(), logits_expected.size());
    EXPECT_EQ(std::memcmp(all.data(), logits_expected.data(), all.size() * sizeof(float)), 0) << workers << " workers";
  }
}

TEST(GptSet, SharesWeightsPackedOnceAndStates) {
  const std::vector<Graph> graphs = {graph_of(library_text("gpt2-tiny-prefill")),
                                     graph_of(library_text("gpt2-tiny-decode"))};
  const Result<SetPlan> set = plan_set(graphs, default_machine());
  ASSERT_TRUE(set.ok()) << set.error().to_string();
  const Result<Plan> alone = plan_tiles(graphs[1], default_machine());
  const auto packed = [](const Schedule& schedule) {
    for (const Arena& arena : schedule.arenas)
      if (arena.prepared != 0) return arena.bytes;
    return uint64_t{0};
  };
  EXPECT_EQ(packed(set->schedule), packed(alone->schedule));
  EXPECT_EQ(set->schedule.members.size(), 2u);
  // Everything but tables and outputs is the other's too.
  EXPECT_EQ(set->schedule.bindings.size(), alone->schedule.bindings.size() + 2);
}

TEST(GptSet, StatesTheBoundsOfItsMembersInTheirWords) {
  const std::vector<Graph> graphs = {graph_of(library_text("gpt2-tiny-prefill")),
                                     graph_of(library_text("gpt2-tiny-decode"))};
  const auto bounds_of = [](const Schedule& schedule, uint32_t member) {
    std::vector<std::pair<std::string, uint64_t>> bounds;
    for (const Claim& claim : schedule.claims)
      if (claim.kind == static_cast<uint16_t>(ClaimKind::kLowerBound) && claim.member == member)
        bounds.emplace_back(schedule.name(claim.method), claim.value);
    return bounds;
  };
  for (const Where where : kEverywhere) {
    const Machine machine = testing::machine_at(where, 1);
    const Result<SetPlan> set = plan_set(graphs, machine);
    ASSERT_TRUE(set.ok()) << set.error().to_string();
    for (uint32_t member = 0; member < 2; ++member) {
      const Result<Plan> alone = plan_tiles(graphs[member], machine);
      EXPECT_EQ(bounds_of(set->schedule, member), bounds_of(alone->schedule, 0));
      EXPECT_FALSE(bounds_of(set->schedule, member).empty());
    }
  }
}

TEST(GptSet, RefusesWhatDoesNotAgree) {
  const auto refusal = [](const std::string& from, const std::string& to) {
    const std::vector<Graph> graphs = {graph_of(library_text("gpt2-tiny-prefill")),
                                       graph_of(with(library_text("gpt2-tiny-decode"), from, to))};
    const Result<SetPlan> set = plan_set(graphs, default_machine());
    return set.ok() ? "accepted" : set.error().to_string();
  };
  EXPECT_EQ(refusal("limit: 101", "limit: 100"), "accepted");  // the tables have names of their own
  EXPECT_EQ(refusal("position: {max: 23}", "position: {max: 22}"),
            "scalar 'position' is in several graphs of the set, which do not agree: it is 0 to 23 and 0 to 22");
  EXPECT_EQ(refusal("{shape: [24, 64], filled", "{shape: [25, 64], filled"),
            "'h0.keys' is in several graphs of the set, which do not agree: it has several shapes or element types");
  EXPECT_EQ(refusal("gpt2-tiny-decode", "gpt2-tiny-prefill"), "two graphs of the set are named 'gpt2-tiny-prefill'");
}

// ---- Rings and pages ----------------------------------------------------------------

// Attention of q over these rows of keys and values, in double precision.
std::vector<double> plain_attention(const std::vector<float>& q, const std::vector<std::vector<float>>& keys,
                                    const std::vector<std::vector<float>>& values, uint32_t heads, uint32_t kv_heads) {
  const size_t d = q.size() / heads, e = values[0].size() / kv_heads;
  std::vector<double> y(heads * e, 0);
  for (uint32_t head = 0; head < heads; ++head) {
    const uint32_t kv = head / (heads / kv_heads);
    std::vector<double> weight;
    double total = 0;
    for (const std::vector<float>& key : keys) {
      double score = 0;
      for (size_t i = 0; i < d; ++i) score += double(q[head * d + i]) * double(key[kv * d + i]);
      total += weight.emplace_back(std::exp(score / std::sqrt(double(d))));
    }
    for (size_t j = 0; j < keys.size(); ++j)
      for (size_t i = 0; i < e; ++i) y[head * e + i] += weight[j] / total * double(values[j][kv * e + i]);
  }
  return y;
}

TEST_P(Conversations, HoldTheLastRowsOfARingAtAnyPosition) {
  for (const uint32_t lanes : {1u, 2u}) {
    const World world({testing::kRing}, 5, lanes, GetParam());
    Conversation one(world, "y");
    std::vector<std::vector<float>> keys, values;
    std::vector<float> q, k, v;
    for (int64_t position = 0; position < 30; ++position) {
      q = random_floats(position, "q", 24, 2), k = random_floats(position, "k", 12, 2),
      v = random_floats(position, "v", 8);
      one.bind("q", q), one.bind("k", k), one.bind("v", v);
      one.replay(position);
      keys.push_back(k), values.push_back(v);
      if (keys.size() > 7) keys.erase(keys.begin()), values.erase(values.begin());
      ASSERT_LT(worst_error(one.result, plain_attention(q, keys, values, 4, 2).data()), 1e-6) << position;
    }
  }
}

TEST_P(Conversations, FindTheRowsOfTheirPagesThroughATable) {
  const World world({testing::kPages}, 5, 1, GetParam());
  // Two conversations share one pool; their pages interleave.
  const std::vector<int32_t> rows[] = {{8, 9, 10, 11, 0, 1, 2, 3, 36, 37, 38, 39, 20, 21, 22, 23},
                                       {4, 5, 6, 7, 28, 29, 30, 31, 12, 13, 14, 15, 16, 17, 18, 19}};
  Conversation one(world, "y");
  std::vector<std::vector<float>> keys[2], values[2];
  for (int64_t position = 0; position < 16; ++position)
    for (const int who : {0, 1}) {
      const uint64_t seed = static_cast<uint64_t>(position) * 2 + static_cast<uint64_t>(who);
      std::vector<float> q = random_floats(seed, "q", 24, 2), k = random_floats(seed, "k", 12, 2),
                         v = random_floats(seed, "v", 8);
      one.bind("q", q), one.bind("k", k), one.bind("v", v);
      one.set_table("rows", rows[who]);
      one.replay(position);
      keys[who].push_back(k), values[who].push_back(v);
      ASSERT_LT(worst_error(one.result, plain_attention(q, keys[who], values[who], 4, 2).data()), 1e-6)
          << who << " at " << position;
    }
}

}  // namespace
}  // namespace rondo
