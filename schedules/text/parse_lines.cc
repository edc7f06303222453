#include "schedules/text/parse_lines.h"

#include "schedules/text/words.h"
#include "schedules/yaml/document.h"

namespace rondo {
namespace {

// "t7:" where 7 is the record's own index: written for the reader, checked here.
bool read_index(Line& line, std::string_view letters, size_t expected) {
  line.skip_spaces();
  const char* start = line.position();
  uint64_t index = 0;
  if (!line.take(letters) || !line.number(index, "index") || index != expected)
    return line.fail_at(start, sentence("expected '", letters, expected, ":', the next record"));
  return line.expect(':', line.since(start));
}

bool end_of_line(Line& line) {
  return line.at_end() || line.fail(sentence("expected the end of the line, found ", line.shown()));
}

bool read_dtype(Line& line, uint8_t& dtype) {
  line.skip_spaces();
  const char* start = line.position();
  const std::string_view word = line.word();
  std::vector<std::string_view> known;
  for (const DTypeInfo& info : kDTypes) {
    if (info.name == word) {
      dtype = static_cast<uint8_t>(info.dtype);
      return true;
    }
    known.push_back(info.name);
  }
  return line.fail_at(start, sentence("there is no dtype '", word, "'", yaml::did_you_mean(word, known),
                                      "; known are f32, f64, f16, bf16, i8, u8, i32, i64"));
}

// "[32, 32]", at most four; `item(i)` reads the i-th.
template <class ReadItem>
bool read_list(Line& line, std::string_view what, uint32_t& count, ReadItem&& item) {
  line.skip_spaces();
  if (!line.expect('[', what)) return false;
  count = 0;
  line.skip_spaces();
  if (line.take(']')) return true;
  for (;;) {
    if (count == kMaxRank) return line.fail(sentence("at most ", kMaxRank, " axes"));
    line.skip_spaces();
    if (!item(count)) return false;
    ++count;
    line.skip_spaces();
    if (line.take(']')) return true;
    if (!line.expect(',', "an entry of the list")) return false;
  }
}

// "1+2*n": the name comes last, because a name may hold a '-'.
bool read_formula(Line& line, const References& scalars, uint32_t& scalar, int64_t& scale, int64_t& bias) {
  if (!line.signed_number(bias, "constant")) return false;
  if (line.peek() != '+' && line.peek() != '-') return line.fail(sentence("expected '+' or '-', found ", line.shown()));
  if (!line.signed_number(scale, "factor") || !line.expect('*', "the factor")) return false;
  const char* start = line.position();
  uint32_t index = 0;
  if (!scalars.read(line, index)) return false;
  if (scalar != kNone && scalar != index) return line.fail_at(start, "a view uses one scalar, this is a second one");
  scalar = index;
  return true;
}

}  // namespace

bool read_name(Line& line, Schedule& schedule, NameTable& names) {
  Line::Name name;
  line.skip_spaces();
  if (!line.name(name, "a name")) return false;
  if (name.text.empty()) return line.fail_at(name.start, "the empty name is always there and not listed");
  const auto expected = static_cast<NameId>(schedule.names.size());
  if (names.id(name.text) != expected)
    return line.fail_at(name.start, sentence("name '", name.text, "' is listed twice"));
  return end_of_line(line);
}

bool read_token(Line& line, Schedule& schedule, NameTable& names) {
  if (!read_index(line, "t", schedule.tokens.size())) return false;
  Token token;
  line.skip_spaces();
  const char* start = line.position();
  const std::string_view word = line.word();
  const uint32_t scope = position_of(word, kScopeWords);
  if (scope == kNoWord)
    return line.fail_at(start, sentence("there is no scope '", word, "'; known are lane, group, device, system"));
  token.scope = static_cast<uint8_t>(scope);
  uint32_t given = 0;
  while (!line.at_end()) {
    start = line.position();
    const std::string_view key = line.word();
    constexpr std::string_view kKnown[] = {"join", "prepare", "window", "name"};
    const uint32_t which = position_of(key, kKnown);
    if (which == kNoWord)
      return line.fail_at(
          start, sentence("a token has no ", line.shown(), key, "; known are join, prepare, window N, name NAME"));
    if (given >> which & 1) return line.fail_at(start, sentence("'", key, "' is given twice"));
    given |= 1u << which;
    line.skip_spaces();
    if (which == 0) token.join = 1;
    if (which == 1) token.part = static_cast<uint8_t>(Part::kPrepare);
    if (which == 2 && !line.number_of(token.window, "window", UINT32_MAX)) return false;
    Line::Name name;
    if (which == 3 && !line.name(name, "a name")) return false;
    if (which == 3) token.name = names.id(name.text);
  }
  schedule.tokens.push_back(token);
  return true;
}

bool read_view(Line& line, Schedule& schedule, const References& scalars) {
  if (!read_index(line, "v", schedule.views.size())) return false;
  View view;
  if (!read_dtype(line, view.dtype)) return false;
  line.skip_spaces();
  if (line.take("panels")) {
    view.layout = static_cast<uint8_t>(Layout::kPanels);
    line.skip_spaces();
    if (!line.number_of(view.block_rows, "rows of a block", 0xffff) || !line.expect('x', "the rows of a block") ||
        !line.number_of(view.block_columns, "columns of a block", 0xffff))
      return false;
  }
  uint32_t rank = 0, stride_count = 0;
  if (!read_list(line, "the type", rank,
                 [&](uint32_t i) { return line.number_of(view.extent[i], "extent", UINT32_MAX); }))
    return false;
  line.skip_spaces();
  if (!line.expect("strides", "the extents")) return false;
  const char* strides = line.position();
  if (!read_list(line, "'strides'", stride_count,
                 [&](uint32_t i) { return line.signed_number(view.stride_bytes[i], "stride"); }))
    return false;
  if (stride_count != rank) return line.fail_at(strides, sentence(rank, " extents and ", stride_count, " strides"));
  view.rank = static_cast<uint8_t>(rank);
  while (!line.at_end()) {
    if (view.extent_axis == 0xff && view.offset_step_bytes == 0 && line.take("extent[")) {
      if (!line.number_of(view.extent_axis, "axis", kMaxRank - 1) || !line.expect("]<=", "the axis") ||
          !read_formula(line, scalars, view.scalar, view.extent_scale, view.extent_bias))
        return false;
    } else if (view.offset_step_bytes == 0 && line.take("offset+=")) {
      const char* start = line.position();
      if (!line.signed_number(view.offset_step_bytes, "step") || !line.expect("*((", "the step") ||
          !read_formula(line, scalars, view.scalar, view.offset_scale, view.offset_bias) ||
          !line.expect(")%", "the formula") || !line.signed_number(view.offset_modulus, "modulus") ||
          !line.expect(')', "the modulus"))
        return false;
      if (view.offset_step_bytes == 0) return line.fail_at(start, "an offset step of 0 shifts nothing");
    } else {
      return line.fail(
          sentence("expected extent[AXIS]<=B+A*SCALAR, offset+=STEP*((B+A*SCALAR)%M) or the end of the line, found ",
                   line.shown()));
    }
  }
  schedule.views.push_back(view);
  return true;
}

bool read_tensor(Line& line, Schedule& schedule, NameTable& names, const References& bases,
                 std::vector<AliasText>& aliases) {
  Tensor tensor;
  Line::Name name;
  line.skip_spaces();
  if (!line.name(name, "the tensor's name")) return false;
  tensor.name = names.id(name.text);
  uint32_t rank = 0;
  if (!line.expect(':', "the tensor's name") || !read_dtype(line, tensor.dtype) ||
      !read_list(line, "the type", rank,
                 [&](uint32_t i) { return line.number_of(tensor.shape[i], "size", UINT32_MAX); }))
    return false;
  tensor.rank = static_cast<uint8_t>(rank);
  line.skip_spaces();
  if (line.take("at ") && !bases.read(line, tensor.base)) return false;
  line.skip_spaces();
  if (line.take("alias ")) {
    line.skip_spaces();
    AliasText alias{static_cast<uint32_t>(schedule.tensors.size()), {}, line.column()};
    const char* start = line.position();
    uint64_t index = 0;
    Line::Name other;
    if (line.take('$') ? !line.number(index, "tensor") : !line.name(other, "the tensor it is an alias of"))
      return false;
    alias.text = line.since(start);
    aliases.push_back(alias);
  }
  if (!end_of_line(line)) return false;
  schedule.tensors.push_back(tensor);
  return true;
}

bool read_value(Line& line, Schedule& schedule, const References& tensors) {
  if (!read_index(line, "val", schedule.values.size())) return false;
  Value value;
  line.skip_spaces();
  if (!tensors.read(line, value.tensor)) return false;
  const uint32_t rank = schedule.tensors[value.tensor].rank;
  const char* box = line.position();
  uint32_t count = 0;
  const bool listed = read_list(line, "the tensor", count, [&](uint32_t i) {
    uint32_t end = 0;
    const char* start = line.position();
    if (!line.number_of(value.low[i], "low", UINT32_MAX) || !line.expect(':', "the low end") ||
        !line.number_of(end, "high", UINT32_MAX))
      return false;
    if (end < value.low[i])
      return line.fail_at(start, sentence("the box ends at ", end, ", before it begins at ", value.low[i]));
    value.extent[i] = end - value.low[i];
    return true;
  });
  if (!listed) return false;
  if (count != rank) return line.fail_at(box, sentence("the box has ", count, " axes, its tensor ", rank));
  for (uint32_t i = 0; i < rank; ++i) value.axis[i] = static_cast<uint8_t>(i);
  line.skip_spaces();
  if (line.take("partial ")) {
    line.skip_spaces();
    if (!line.number_of(value.version, "partial", UINT32_MAX)) return false;
    line.skip_spaces();
  }
  if (line.take("axes")) {
    for (uint8_t& axis : value.axis) axis = 0xff;
    uint32_t walked = 0;
    if (!read_list(line, "'axes'", walked,
                   [&](uint32_t i) { return line.take('-') || line.number_of(value.axis[i], "axis", kMaxRank - 1); }))
      return false;
    line.skip_spaces();
  }
  if (line.take("moves ")) {
    line.skip_spaces();
    if (!line.number_of(value.moves_along, "axis", kMaxRank - 1)) return false;
    ++value.moves_along;
  }
  if (!end_of_line(line)) return false;
  schedule.values.push_back(value);
  return true;
}

}  // namespace rondo
