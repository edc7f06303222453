// M11, the faithful half: claimed peaks are what the ops use. The work is in claims.cc.
#include "schedules/verify/faithful/rule_list.h"

namespace rondo::proof {

const FaithfulRule kPeaksAreClaimed = {
    {"M11", Level::kFaithful, "claimed peaks of an arena are true",
     "The extent peak is one past the highest byte that any operand reaches. The live peak is the most bytes live at "
     "once "
     "in canonical serial order: a byte lives from the op that writes it to the last op that reads it before it is "
     "written again, both included; one that nobody reads lives at its op only; an update continues a life."}};

}  // namespace rondo::proof
