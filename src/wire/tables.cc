// The field tables of every struct of this room: compiled here once, declared everywhere else.
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
