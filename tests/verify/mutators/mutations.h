// The mutations of the list, by the file that defines them: each gives all its changes of a schedule.
#pragma once
#include "tests/verify/mutators/mutators.h"

namespace rondo {

// mutate_tables.cc: one entry or operand is wrong by itself.
Changes no_lanes(const Schedule& schedule);
Changes other_contract(const Schedule& schedule);
Changes view_out_of_range(const Schedule& schedule);
Changes reserved_field(const Schedule& schedule);
Changes offset_below_zero(const Schedule& schedule);
Changes arena_shrunk(const Schedule& schedule);
Changes offset_past_the_end(const Schedule& schedule);
Changes offset_between_elements(const Schedule& schedule);
Changes rows_overlap(const Schedule& schedule);
Changes shorter_operand(const Schedule& schedule);
Changes other_access(const Schedule& schedule);
Changes other_type(const Schedule& schedule);
Changes device_space(const Schedule& schedule);
Changes smaller_space(const Schedule& schedule);
Changes other_lane(const Schedule& schedule);
Changes result_on_source(const Schedule& schedule);
Changes many_pieces(const Schedule& schedule);

// mutate_tokens.cc: waits and signals say too little or too much.
Changes second_signaller(const Schedule& schedule);
Changes becomes_a_join(const Schedule& schedule);
Changes wait_for_too_much(const Schedule& schedule);
Changes drop_wait(const Schedule& schedule);
Changes lower_wait(const Schedule& schedule);
Changes drop_release(const Schedule& schedule);
Changes drop_signal(const Schedule& schedule);
Changes signal_early(const Schedule& schedule);
Changes done_becomes_read(const Schedule& schedule);
Changes unordered_update(const Schedule& schedule);

// mutate_places.cc: data lies elsewhere, or never gets there.
Changes drop_first_load(const Schedule& schedule);
Changes copy_as_integers(const Schedule& schedule);
Changes drop_store(const Schedule& schedule);
Changes place_over_live(const Schedule& schedule);
Changes swap_slots(const Schedule& schedule);
Changes dead_load(const Schedule& schedule);
Changes second_home(const Schedule& schedule);
Changes swap_stores(const Schedule& schedule);

// mutate_values.cc: operands say they hold something else.
Changes other_box(const Schedule& schedule);
Changes other_version(const Schedule& schedule);
Changes step_skipped(const Schedule& schedule);
Changes ghost(const Schedule& schedule);
Changes other_axes(const Schedule& schedule);
Changes no_label(const Schedule& schedule);
Changes other_k(const Schedule& schedule);

// mutate_sums.cc: sums are begun, continued or finished wrongly.
Changes final_dropped(const Schedule& schedule);
Changes init_again(const Schedule& schedule);
Changes init_at_the_end(const Schedule& schedule);
Changes never_init(const Schedule& schedule);
Changes k_twice(const Schedule& schedule);

// mutate_claims.cc: what the schedule says about itself is false.
Changes other_slot(const Schedule& schedule);
Changes ring_moved(const Schedule& schedule);
Changes phase_too_late(const Schedule& schedule);
Changes cut_where_live(const Schedule& schedule);
Changes narrow_sum(const Schedule& schedule);
Changes false_peak(const Schedule& schedule);
Changes false_claim(const Schedule& schedule);

// mutate_anywhere.cc: made for no one rule: refused by some rule, or harmless.
Changes swap_neighbours(const Schedule& schedule);
Changes drop_op(const Schedule& schedule);
Changes shift_offset(const Schedule& schedule);
Changes other_pitch(const Schedule& schedule);
Changes other_view(const Schedule& schedule);
Changes other_base(const Schedule& schedule);

}  // namespace rondo
