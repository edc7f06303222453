// K05: what a file claims of itself is so. The work is in claims.cc.
#include "schedules/verify/faithful/rule_list.h"

namespace rondo::proof {

const FaithfulRule kClaimsAreTrue = {
    {"K05", Level::kFaithful, "every claim that can be checked is true",
     "Derived claims are counted anew from the file: ops, copies, bytes moved by copies between each pair of spaces, "
     "flops by the contracts' formulas at full extents, ops of prepare. The makespan is simulated where every kernel "
     "has "
     "a cost; loads eliminated are the reads that values name, minus copies into arenas, where values are carried. "
     "Lower bounds, and what lacks its means, count as stated. Claims are checked in files without values too."}};

}  // namespace rondo::proof
