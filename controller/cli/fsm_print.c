#include "fsm_print.h"

#include "drill_fsm.h"
#include "jw.h"
#include "run_fsm.h"
#include "step_fsm.h"

struct machine {
    const char *name;
    unsigned states, events;
    const char *(*state)(unsigned s);
    const char *(*event)(unsigned e);
    unsigned (*next)(unsigned s, unsigned e);
};

static const char *step_state(unsigned s)
{
    return evac_step_state_name((enum evac_step_state)s);
}

static const char *step_event(unsigned e)
{
    return evac_step_event_name((enum evac_step_event)e);
}

static unsigned step_next(unsigned s, unsigned e)
{
    return evac_step_next((enum evac_step_state)s, (enum evac_step_event)e);
}

static const char *run_state(unsigned s)
{
    return evac_run_state_name((enum evac_run_state)s);
}

static const char *run_event(unsigned e)
{
    return evac_run_event_name((enum evac_run_event)e);
}

static unsigned run_next(unsigned s, unsigned e)
{
    return evac_run_next((enum evac_run_state)s, (enum evac_run_event)e);
}

static const char *drill_state(unsigned s)
{
    return evac_drill_state_name((enum evac_drill_state)s);
}

static const char *drill_event(unsigned e)
{
    return evac_drill_on_name((enum evac_drill_on)e);
}

static unsigned drill_next(unsigned s, unsigned e)
{
    return evac_drill_next((enum evac_drill_state)s, (enum evac_drill_on)e);
}

static const struct machine machines[] = {
    { "step", EVAC_STEP_STATE_COUNT, EVAC_STEP_EVENT_COUNT, step_state, step_event, step_next },
    { "run", EVAC_RUN_STATE_COUNT, EVAC_RUN_EVENT_COUNT, run_state, run_event, run_next },
    { "drill", EVAC_DRILL_STATE_COUNT, EVAC_DRILL_ON_COUNT, drill_state, drill_event, drill_next },
};

/* One cell of the table, in the form that was asked for. */
static void put_cell(enum evac_fsm_form form, const struct machine *m, unsigned s, unsigned e,
                     struct evac_jw *w)
{
    const char *from = m->state(s), *event = m->event(e), *to = m->state(m->next(s, e));
    if (form == EVAC_FSM_TEXT) {
        evac_buf_putf(w->out, "%-5s %-12s %-16s %s\n", m->name, from, event, to);
    } else if (form == EVAC_FSM_MERMAID) {
        evac_buf_putf(w->out, "    %s --> %s: %s\n", from, to, event);
    } else {
        evac_jw_open(w, NULL, '{');
        evac_jw_cstr(w, "machine", m->name);
        evac_jw_cstr(w, "from", from);
        evac_jw_cstr(w, "event", event);
        evac_jw_cstr(w, "to", to);
        evac_jw_close(w, '}');
    }
}

static void put_machine(enum evac_fsm_form form, const struct machine *m, struct evac_jw *w)
{
    if (form == EVAC_FSM_MERMAID)
        evac_buf_putf(w->out, "stateDiagram-v2\n    %%%% %s\n", m->name);
    for (unsigned s = 1; s < m->states; s++)
        for (unsigned e = 0; e < m->events; e++)
            if (m->next(s, e))
                put_cell(form, m, s, e, w);
}

void evac_fsm_print(enum evac_fsm_form form, struct evac_buf *out)
{
    struct evac_jw w = { out, false };
    if (form == EVAC_FSM_JSON)
        evac_jw_open(&w, NULL, '[');
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++)
        put_machine(form, &machines[i], &w);
    if (form == EVAC_FSM_JSON) {
        evac_jw_close(&w, ']');
        evac_buf_putc(out, '\n');
    }
}
