// The field tables of every struct of this room: compiled here once, declared everywhere else.
//
// The file must be the first of the room by name: unity builds join files in that order, and headers that were included
// before the macro is defined would leave no tables behind (the link would fail).
#define BURIN_WIRE_TABLES
#include "wire/event.h"
#include "wire/item.h"
#include "wire/op.h"
#include "wire/review.h"
#include "wire/rollout.h"
#include "wire/settings.h"
#include "wire/turn_item.h"
#include "wire/usage.h"
#include "wire/user_input.h"
#undef BURIN_WIRE_TABLES
