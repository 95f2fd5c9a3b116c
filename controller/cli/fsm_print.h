/* The state machines, printed from their own tables. */
#ifndef EVAC_FSM_PRINT_H
#define EVAC_FSM_PRINT_H

#include "evac/buf.h"

enum evac_fsm_form { EVAC_FSM_TEXT, EVAC_FSM_MERMAID, EVAC_FSM_JSON };
void evac_fsm_print(enum evac_fsm_form form, struct evac_buf *out);
#endif
