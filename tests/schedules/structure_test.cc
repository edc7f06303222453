// The structural check, one broken field at a time, on a schedule that uses every
// table. Each line reads: where this is broken, that is said.
#include <gtest/gtest.h>
#include <bit>
#include <functional>
#include <limits>
#include "tests/schedules/golden.h"

namespace rondo {
namespace {

using namespace rondo::testing;

std::string error_after(const std::function<void(Schedule&)>& change) {
  Result<Schedule> schedule = load(kGoldenFolder + "v1_every_table.rondo");
  if (!schedule) return schedule.error().to_string();
  schedule->file.clear();
  change(*schedule);
  const Status status = check_structure(*schedule);
  if (status) return "valid";
  EXPECT_EQ(status.error().code, ErrorCode::kInvalidSchedule);
  // Neither form takes it: binary refuses it by the same words.
  const Result<Schedule> binary = parse_binary(write_binary(*schedule));
  EXPECT_FALSE(binary.ok());
  return status.error().to_string();
}
#define AFTER(change) error_after([](Schedule& s) { change; })

TEST(Structure, AcceptsTheUnchangedSchedule) { EXPECT_EQ(AFTER((void)s), "valid"); }

TEST(Structure, RefusesTextThatDoesNotStandOnOneLine) {
  EXPECT_EQ(AFTER(s.producer = "a\nb"), "producer is not UTF-8 text on one line");
  EXPECT_EQ(AFTER(s.machine = "\xc0\xaf"), "machine is not UTF-8 text on one line");
  EXPECT_EQ(AFTER(s.source = std::string(1025, 'x')), "source is 1025 bytes long, the most is 1024");
  EXPECT_EQ(AFTER(s.names[3] = "a\tb"), "name 3 is not UTF-8 text on one line");
}

TEST(Structure, RefusesLanesThatDoNotExist) {
  EXPECT_EQ(AFTER(s.lane_count = 0), "lane count 0 is not in [1, 1048576]");
  EXPECT_EQ(AFTER(s.lane_count = 1), "group 0 'both' spans 2 lanes from lane 0, the schedule has 1");
  EXPECT_EQ(AFTER(s.groups[0].lane_count = 0xffffffff),
            "group 0 'both' spans 4294967295 lanes from lane 0, the schedule has 2");
  EXPECT_EQ(AFTER(s.arenas[1].owner = 2), "arena 1 'own' belongs to lane 2, the schedule has 2");
  EXPECT_EQ(AFTER(s.arenas[2].owner = 1), "arena 2 'shared' belongs to group 1, the file holds 1");
  EXPECT_EQ(AFTER(s.arenas[0].owner = 1), "arena 0 'weights' belongs to everyone and has owner 1, which must be 0");
  EXPECT_EQ(AFTER(s.streams[0].lane = 2), "stream 0 'pack' belongs to lane 2, the schedule has 2");
}

TEST(Structure, RefusesNamesThatRepeat) {
  EXPECT_EQ(AFTER(s.names[0] = "x"), "name 0 must be the empty string");
  EXPECT_EQ(AFTER(s.names[2] = s.names[1]), "name 2 repeats name 1, 'host'");
  EXPECT_EQ(AFTER(s.arenas[2].name = s.arenas[1].name), "arena 2 repeats the name 'own'");
  EXPECT_EQ(AFTER(s.bindings[0].name = s.arenas[1].name), "binding 0 repeats the name 'own' of an arena or binding");
  EXPECT_EQ(AFTER(s.bindings[0].name = 0), "binding 0 has no name");
  EXPECT_EQ(AFTER(s.spaces[0].name = 999), "space 0 has name 999, the file holds 28 names");
}

TEST(Structure, RefusesMemoryOfNoSense) {
  EXPECT_EQ(AFTER(s.spaces[0].kind = 3), "space 0 'host' has unknown kind 3");
  EXPECT_EQ(AFTER(s.spaces[0].align_bytes = 48), "space 0 'host' has alignment 48, not a power of two");
  EXPECT_EQ(AFTER(s.spaces[0].capacity_bytes = uint64_t{1} << 47),
            "space 0 'host' has a capacity of 140737488355328 bytes, allowed is less than 2^47");
  EXPECT_EQ(AFTER(s.arenas[0].space = 2), "arena 0 'weights' lies in space 2, the file holds 2");
  EXPECT_EQ(AFTER(s.arenas[0].align_bytes = 32),
            "arena 0 'weights' has alignment 32, not a power of two of at least its space's 64");
  EXPECT_EQ(AFTER(s.arenas[0].bytes = UINT64_MAX),
            "arena 0 'weights' has 18446744073709551615 bytes, allowed is less than 2^47");
  EXPECT_EQ(AFTER(s.arenas[0].prepared = 2), "arena 0 'weights' has prepared = 2, allowed are 0 and 1");
  EXPECT_EQ(AFTER(s.arenas[0].owner_kind = 3), "arena 0 'weights' has unknown owner kind 3");
  EXPECT_EQ(AFTER(s.arenas[0].reserved0 = 1), "arena 0 'weights' has a reserved field that is not zero");
}

TEST(Structure, RefusesBindingsThatNoHostCouldFill) {
  EXPECT_EQ(AFTER(s.bindings[0].role = 5), "binding 0 'x' has unknown role 5");
  EXPECT_EQ(AFTER(s.bindings[0].dtype = 8), "binding 0 'x' has unknown dtype 8");
  EXPECT_EQ(AFTER(s.bindings[0].rank = 5), "binding 0 'x' has rank 5, the most is 4");
  EXPECT_EQ(AFTER(s.bindings[0].shape[1] = 0), "binding 0 'x' has size 0 on axis 1");
  EXPECT_EQ(AFTER(s.bindings[0].shape[2] = 1), "binding 0 'x' has rank 2 and size 1 on axis 2, which must be 0");
  EXPECT_EQ(AFTER((s.bindings[0].shape[0] = s.bindings[0].shape[1] = 0xffffffff)),
            "binding 0 'x' has 2^47 bytes or more");
  EXPECT_EQ(AFTER(s.bindings[0].align_bytes = 2),
            "binding 0 'x' has alignment 2, not a power of two of at least its element's 4");
  EXPECT_EQ(AFTER(s.bindings[0].index_limit = 3),
            "binding 0 'x' has an index limit or distinct entries, which only a table has");
  EXPECT_EQ(AFTER(s.bindings[4].dtype = 0), "binding 4 'pages' is a table of f32, allowed are i32 and i64");
  EXPECT_EQ(AFTER(s.bindings[4].index_limit = 0),
            "binding 4 'pages' is a table with index limit 0: no entry would be legal");
  EXPECT_EQ(AFTER(s.bindings[3].filled_scalar = 1), "binding 3 'cache' is filled up to scalar 1, the file holds 1");
  EXPECT_EQ(AFTER(s.bindings[3].filled_scale = INT64_MAX), "binding 3 'cache' is filled up to a row beyond 2^62");
  EXPECT_EQ(AFTER(s.bindings[0].filled_scalar = 0), "binding 0 'x' has a filled part, which only state has");
}

TEST(Structure, RefusesScalarsAndTokensOfNoSense) {
  EXPECT_EQ(AFTER(s.scalars[0].min = 128), "scalar 0 'past' has min 128 above max 127");
  EXPECT_EQ(AFTER(s.scalars[0].max = INT64_MAX),
            "scalar 0 'past' has range [0, 9223372036854775807], allowed is within +-2^47");
  EXPECT_EQ(AFTER(s.tokens[0].scope = 4), "token 0 has unknown scope 4");
  EXPECT_EQ(AFTER(s.tokens[2].join = 2), "token 2 'all done' has join = 2, allowed are 0 and 1");
}

TEST(Structure, RefusesKernelsThatThisBuildDoesNotKnow) {
  EXPECT_EQ(AFTER(s.names[s.kernels[0].name] = "pack2"),
            "kernel 'pack2' is not one this build knows: re-plan with this version");
  EXPECT_EQ(AFTER(s.kernels[0].contract_hash = 1),
            "kernel 'pack': this build knows it with contract hash 0xa6213c1478a0e82, the file was planned for 0x1: "
            "re-plan with this version");
  EXPECT_EQ(AFTER(s.kernels[1] = s.kernels[0]), "kernel 'pack' is listed twice");
}

TEST(Structure, RefusesWhatVersion1DoesNotKnow) {
  EXPECT_EQ(AFTER(s.ops[2].steps = 2), "op 2 has steps 2, format version 1 knows 1 only");
  EXPECT_EQ(AFTER(s.members.push_back({})), "member 1 has no name: it must be named, as each of several");
  EXPECT_EQ(AFTER(s.members.clear()), "no member: a file holds at least 1 schedule");
  EXPECT_EQ(AFTER(s.members[0].guard_scalar = 0), "member 0 is guarded, format version 1 knows unguarded ones only");
  EXPECT_EQ(AFTER(s.ops[2].flags = 9), "op 2 has unknown flags 0x9");
  EXPECT_EQ(AFTER(s.ops[2].reserved1 = 1), "op 2 has a reserved field that is not zero");
  EXPECT_EQ(AFTER(s.policies[0].rounding = 2), "policy 0 has unknown rounding 2");
}

TEST(Structure, RefusesViewsThatNoMemoryHolds) {
  EXPECT_EQ(AFTER(s.views[0].rank = 5), "view v0 has rank 5, the most is 4");
  EXPECT_EQ(AFTER(s.views[0].stride_bytes[1] = -4), "view v0 has stride -4 on axis 1, the least is 0");
  EXPECT_EQ(AFTER(s.views[0].extent[2] = 1), "view v0 has rank 2 and an extent or stride on axis 2, which must be 0");
  EXPECT_EQ(AFTER(s.views[0].stride_bytes[0] = INT64_MAX),
            "view v0 has stride 9223372036854775807 on axis 0, allowed is less than 2^47");
  EXPECT_EQ(AFTER((s.views[0].extent[0] = 0xffffffff, s.views[0].stride_bytes[0] = int64_t{1} << 46)),
            "view v0 spans 2^47 bytes or more");
  EXPECT_EQ(AFTER((s.views[5].extent[0] = 0xffffffff, s.views[5].extent[1] = 0xffffffff, s.views[5].rank = 2)),
            "view v5 has 2^47 bytes of elements or more");
  EXPECT_EQ(AFTER(s.views[0].block_columns = 2), "view v0 has layout rows with blocks of 1x2, allowed is 1x1");
  EXPECT_EQ(AFTER(s.views[2].block_columns = 12),
            "view v2 has layout panels with blocks of 1x12, allowed are 1x32, 1x16 and 1x8");
  EXPECT_EQ(AFTER(s.views[3].extent_axis = 2), "view v3 bounds the extent of axis 2, its rank is 2");
  EXPECT_EQ(AFTER(s.views[3].scalar = kNone), "view v3 has a formula and no scalar for it");
  EXPECT_EQ(AFTER(s.views[0].scalar = 0), "view v0 names scalar 'past' and does not use it");
  EXPECT_EQ(AFTER(s.views[3].offset_modulus = 0), "view v3 has offset step 128 and modulus 0, both must be above 0");
  EXPECT_EQ(AFTER(s.views[3].offset_modulus = int64_t{1} << 60), "view v3 shifts by up to 2^47 bytes or more");
  EXPECT_EQ(AFTER(s.views[3].extent_scale = INT64_MIN), "view v3 has an extent formula that exceeds 2^62");
  EXPECT_EQ(AFTER(s.views[0].extent_bias = 1), "view v0 has an extent formula and no axis for it");
  EXPECT_EQ(AFTER(s.views[0].reserved1[1] = 1), "view v0 has a reserved field that is not zero");
}

TEST(Structure, RefusesStreamsThatDoNotCoverTheOps) {
  EXPECT_EQ(AFTER(s.streams[1].first_op = 1), "stream 1 'copy0' starts at op 1, the one before it ends at 2");
  EXPECT_EQ(AFTER(s.streams[3].op_count = 0xffffffff), "stream 3 'lane1' ends at op 4294967302, the file holds 10");
  EXPECT_EQ(AFTER(s.streams.pop_back()), "the streams hold 7 ops, the file 10");
  EXPECT_EQ(AFTER(s.streams[0].in_flight = 0), "stream 0 'pack' has in_flight 0, the least is 1");
  EXPECT_EQ(AFTER(s.streams[0].member = 1), "stream 0 'pack' belongs to member 1, the file holds 1");
}

TEST(Structure, RefusesOpsThatReachBeyondTheirTables) {
  EXPECT_EQ(AFTER(s.ops[2].kernel = 5), "op 2 has kernel 5, the file holds 5");
  EXPECT_EQ(AFTER(s.ops[2].phase = 3), "op 2 is in phase 3, the file holds 3");
  EXPECT_EQ(AFTER(s.ops[2].policy = 2), "op 2 has policy 2, the file holds 2");
  EXPECT_EQ(AFTER(s.ops[2].operand_count = 9), "op 2 has 9 operands, the most is 8");
  EXPECT_EQ(AFTER(s.ops[2].first_operand = 5), "op 2 has its operands from 5, the op before it ends at 4");
  EXPECT_EQ(AFTER(s.operands.pop_back()), "op 9 has operands up to 21, the file holds 20");
  EXPECT_EQ(AFTER((s.operands.push_back({}), s.labels.push_back({}))), "the ops have 21 operands, the file 22");
  EXPECT_EQ(AFTER(s.ops[2].waits[0].token = 4), "op 2 waits for t4, the file holds 4 tokens");
  EXPECT_EQ(AFTER(s.ops[2].waits[0].count = 1), "op 2 waits for 1 signals of no token");
  EXPECT_EQ(AFTER(s.ops[2].signals[1] = 4), "op 2 signals t4, the file holds 4 tokens");
  EXPECT_EQ(AFTER(s.ops[2].signal_kinds[0] = 2), "op 2 has unknown signal kind 2");
  EXPECT_EQ(AFTER(s.ops[2].params[0] = 1), "op 2 has parameter 0 = 1, its kernel takes 0");
  EXPECT_EQ(AFTER(s.ops[7].flags = 1), "op 7 is a sync with operands or flags");
}

TEST(Structure, RefusesOperandsThatReachBeyondTheirTables) {
  EXPECT_EQ(AFTER(s.operands[0].view = 7), "op 0 operand 0 has view v7, the file holds 7 views");
  EXPECT_EQ(AFTER(s.operands[1].base = 8), "op 0 operand 1 has base 8, the file holds 8 arenas and bindings");
  EXPECT_EQ(AFTER(s.operands[1].offset_bytes = uint64_t{1} << 63),
            "op 0 operand 1 has offset 9223372036854775808, allowed is less than 2^47");
  EXPECT_EQ(AFTER(s.operands[0].access = 7), "op 0 operand 0 has unknown access 7");
  EXPECT_EQ(AFTER(s.operands[0].aux = 1), "op 0 operand 0 has aux 1, which only indexed access has");
  EXPECT_EQ(AFTER(s.operands[18].aux = 3), "op 9 operand 0 is indexed by operand 3, the op has 3");
  EXPECT_EQ(AFTER(s.operands[18].aux = 0x22), "op 9 operand 0 is indexed along axis 2, its view has rank 2");
}

TEST(Structure, RefusesMeaningThatReachesBeyondItsTables) {
  EXPECT_EQ(AFTER(s.tensors[0].shape[1] = 0), "tensor 0 'x' has size 0 on axis 1");
  EXPECT_EQ(AFTER(s.tensors[0].base = 8), "tensor 0 'x' has base 8, the file holds 8 arenas and bindings");
  EXPECT_EQ(AFTER(s.tensors[3].alias_of = 4), "tensor 3 'h' is an alias of tensor 3, it must be an earlier one");
  EXPECT_EQ(AFTER(s.tensors[3].alias_of = 2),
            "tensor 3 'h' has 1024 elements and is an alias of tensor 1 'w', which has 2048");
  EXPECT_EQ(AFTER((s.tensors[1].alias_of = 1)), "tensor 1 'w' is an alias of tensor 0 'x' and has a base of its own");
  EXPECT_EQ(AFTER((s.tensors[1].alias_of = 1, s.tensors[1].base = kNone, s.tensors[1].dtype = 1)),
            "tensor 1 'w' is f64 and an alias of tensor 0 'x', which is f32");
  EXPECT_EQ(AFTER((s.tensors[1].alias_of = 1, s.tensors[1].base = kNone)), "valid");
  EXPECT_EQ(AFTER((s.tensors[1].alias_of = 1, s.tensors[1].base = kNone, s.tensors[3].alias_of = 2)),
            "tensor 3 'h' is an alias of tensor 1 'w', which is an alias itself");
  EXPECT_EQ(AFTER(s.values[0].moves_along = 3), "value val0 moves along axis 2, its tensor has rank 2");
  EXPECT_EQ(AFTER(s.values[0].reserved0[2] = 1), "value val0 has a reserved field that is not zero");
  EXPECT_EQ(AFTER(s.values[0].tensor = 4), "value val0 is of tensor 4, the file holds 4");
  EXPECT_EQ(AFTER(s.values[0].low[1] = 0xffffffff), "value val0 reaches 4294967327 on axis 1, its tensor has 64");
  EXPECT_EQ(AFTER(s.values[0].extent[2] = 1), "value val0 reaches 1 on axis 2, its tensor has 0");
  EXPECT_EQ(AFTER(s.values[0].axis[2] = 2), "value val0 walks axis 2, its tensor has rank 2");
  EXPECT_EQ(AFTER(s.labels.pop_back()), "20 labels for 21 operands: there is one each, or none");
  EXPECT_EQ(AFTER(s.labels[0].value = 9), "op 0 operand 0 holds val9, the file holds 9 values");
  EXPECT_EQ(AFTER(s.labels[5].slot = 2), "op 2 operand 1 is in slot 2 of ring r0, which has 2");
  EXPECT_EQ(AFTER(s.labels[5].ring = 1), "op 2 operand 1 is in ring r1, the file holds 1 rings");
  EXPECT_EQ(AFTER(s.labels[0].slot = 1), "op 0 operand 0 is in slot 1 of no ring");
  EXPECT_EQ(AFTER(s.labels.assign(21, OperandLabel{})), "21 labels that say nothing: such a file has none");
  EXPECT_EQ(AFTER(s.rings[0].depth = 0), "ring r0 has depth 0, the least is 1");
  EXPECT_EQ(AFTER(s.rings[0].stride_bytes = uint64_t{1} << 46), "ring r0 reaches 2^47 bytes or more");
}

TEST(Structure, RefusesClaimsAndCostsOfNoSense) {
  EXPECT_EQ(AFTER(s.claims[0].kind = 99), "claim 0 has unknown kind 99");
  EXPECT_EQ(AFTER(s.claims[0].a = 1), "claim 0 has a = 1 and b = 0, which must be 0");
  EXPECT_EQ(AFTER(s.claims[2].a = 2), "claim 2 is of space 2, the file holds 2");
  EXPECT_EQ(AFTER(s.claims[5].a = 3), "claim 5 is of arena 3, the file holds 3");
  EXPECT_EQ(AFTER(s.claims[8].value = std::bit_cast<uint64_t>(std::numeric_limits<double>::quiet_NaN())),
            "claim 8 is no finite number");
  EXPECT_EQ(AFTER(s.costs[0].fixed = -1), "cost 0 is not made of finite numbers of at least 0");
  EXPECT_EQ(AFTER(s.costs[1].kernel = 1), "cost 1 repeats kernel 'copy'");
  EXPECT_EQ(AFTER(s.cuts.push_back(s.cuts[0])), "cut 1 is before phase 1, cut 0 before phase 1: cuts must increase");
}

TEST(Structure, SaysTheLineOfAnOpOfATextFile) {
  Result<Schedule> schedule = load(kGoldenFolder + "v1_every_table.yaml");
  ASSERT_TRUE(schedule.ok());
  schedule->file = "f.yaml";
  const std::string line = std::to_string(schedule->op_lines[2]);
  schedule->operands[4].view = 99;
  EXPECT_EQ(check_structure(*schedule).error().to_string(),
            "f.yaml:" + line + ": op 2 operand 0 has view v99, the file holds 7 views");
}

}  // namespace
}  // namespace rondo
