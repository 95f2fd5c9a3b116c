/* The trend as JSON and as text. */
#include "report_show.h"
#include "trend.h"

static void put_run(const struct evac_trend_run *r, struct evac_jw *w)
{
    evac_jw_open(w, NULL, '{');
    evac_jw_i64(w, "run", (int64_t)r->run);
    evac_jw_str(w, "kind", r->kind);
    evac_jw_str(w, "to", r->to);
    evac_jw_str(w, "who", r->who);
    evac_jw_str(w, "result", r->result);
    evac_jw_bool(w, "over", r->over);
    evac_jw_bool(w, "moves", r->moves);
    evac_jw_i64(w, "began_ms", r->began_ms);
    evac_jw_i64(w, "ended_ms", r->ended_ms);
    evac_jw_known(w, "rto_ms", r->moves && r->rto_known, r->rto_ms);
    evac_jw_i64(w, "rto_objective_ms", r->rto_objective_ms);
    evac_jw_known(w, "rpo_ms", r->moves && r->rpo_known, r->rpo_ms);
    evac_jw_i64(w, "rpo_objective_ms", r->rpo_objective_ms);
    evac_jw_open(w, "parts", '{');
    for (size_t i = 0; i < evac_report_part_count && i < EVAC_TREND_PARTS_MAX; i++)
        evac_jw_known(w, evac_report_parts[i].name, r->parts_ms[i] >= 0, r->parts_ms[i]);
    evac_jw_close(w, '}');
    evac_jw_open(w, "criteria", '{');
    evac_jw_i64(w, "met", r->judged[EVAC_JUDGED_MET]);
    evac_jw_i64(w, "missed", r->judged[EVAC_JUDGED_MISSED]);
    evac_jw_i64(w, "not_measured", r->judged[EVAC_JUDGED_UNMEASURED]);
    evac_jw_close(w, '}');
    evac_jw_close(w, '}');
}

static void put_drills(const struct evac_trend *t, struct evac_jw *w)
{
    evac_jw_open(w, "drills", '[');
    for (size_t i = 0; i < t->drill_count; i++) {
        const struct evac_trend_drill *d = &t->drills[i];
        evac_jw_open(w, NULL, '{');
        evac_jw_i64(w, "at_ms", d->at_ms);
        evac_jw_str(w, "kind", d->kind);
        evac_jw_str(w, "what", d->what);
        evac_jw_str(w, "why", d->why);
        evac_jw_known(w, "run", d->run != 0, (int64_t)d->run);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

void evac_trend_json(const struct evac_trend *t, struct evac_buf *out)
{
    struct evac_jw w = { out, false };
    evac_jw_open(&w, NULL, '{');
    evac_jw_str(&w, "app", t->app);
    evac_jw_known(&w, "since_ms", t->since_ms != 0, t->since_ms);
    evac_jw_i64(&w, "as_of_ms", t->as_of_ms);
    evac_jw_open(&w, "runs", '[');
    for (size_t i = 0; i < t->run_count; i++)
        put_run(&t->runs[i], &w);
    evac_jw_close(&w, ']');
    put_drills(t, &w);
    evac_jw_open(&w, "open_deficiencies", '[');
    for (size_t i = 0; i < t->point_count; i++) {
        evac_jw_open(&w, NULL, '{');
        evac_jw_i64(&w, "from_ms", t->points[i].at_ms);
        evac_jw_i64(&w, "open", t->points[i].open);
        evac_jw_close(&w, '}');
    }
    evac_jw_close(&w, ']');
    evac_deficiencies_json(t->deficiencies, t->as_of_ms, true, "deficiencies", &w);
    evac_jw_close(&w, '}');
}

/* --- text ------------------------------------------------------------------------------------- */

static void put_measure(bool asked, bool known, int64_t ms, int64_t objective, struct evac_buf *out)
{
    char text[32];
    show_duration(known, ms, text, sizeof text);
    if (!asked)
        evac_buf_putf(out, " %-17s", "-");
    else
        evac_buf_putf(out, " %-10s%-7s", text, known ? show_met(known, ms, objective) : "");
}

static void put_line(const struct evac_trend_run *r, struct evac_buf *out)
{
    char date[32];
    show_date(r->began_ms, date, sizeof date);
    evac_buf_putf(out, "  %s %5llu  %-9.*s %-14.*s", date, (unsigned long long)r->run,
                  EVAC_STR_ARG(r->kind), EVAC_STR_ARG(r->to));
    put_measure(r->moves, r->rto_known, r->rto_ms, r->rto_objective_ms, out);
    put_measure(r->moves, r->rpo_known, r->rpo_ms, r->rpo_objective_ms, out);
    evac_buf_putf(out, " %u of %u  %.*s\n", r->judged[EVAC_JUDGED_MET],
                  r->judged[0] + r->judged[1] + r->judged[2], EVAC_STR_ARG(r->result));
}

static void put_calendar(const struct evac_trend *t, struct evac_buf *out)
{
    if (t->drill_count == 0)
        return;
    evac_buf_puts(out, "\nDrills of the calendar:");
    for (size_t i = 0; evac_trend_drill_words[i]; i++)
        evac_buf_putf(out, "%s %zu %s", i ? "," : "",
                      evac_trend_count(t, evac_trend_drill_words[i]), evac_trend_drill_words[i]);
    evac_buf_puts(out, "\n");
    for (size_t i = 0; i < t->drill_count; i++) {
        const struct evac_trend_drill *d = &t->drills[i];
        char date[32];
        bool well = evac_str_is(d->what, "planned") || evac_str_is(d->what, "succeeded");
        show_date(d->at_ms, date, sizeof date);
        if (!well)
            evac_buf_putf(out, "  %s %.*s %.*s: %.*s\n", date, EVAC_STR_ARG(d->kind),
                          EVAC_STR_ARG(d->what), EVAC_STR_ARG(d->why));
    }
}

void evac_trend_text(const struct evac_trend *t, struct evac_buf *out)
{
    const struct evac_trend_run *last = t->run_count ? &t->runs[t->run_count - 1] : NULL;
    char rto[32], rpo[32];
    evac_buf_putf(out, "%.*s: ", EVAC_STR_ARG(t->app));
    if (!last) {
        evac_buf_puts(out, "no run or drill yet\n");
    } else {
        show_duration(true, last->rto_objective_ms, rto, sizeof rto);
        show_duration(true, last->rpo_objective_ms, rpo, sizeof rpo);
        evac_buf_putf(out,
                      "objectives RTO %s, RPO %s; %zu runs and drills\n\n"
                      "  %-10s %5s  %-9s %-14s %-17s %-17s %-7s %s\n",
                      rto, rpo, t->run_count, "date", "run", "kind", "to", "RTO", "RPO", "met",
                      "result");
    }
    for (size_t i = 0; i < t->run_count; i++)
        put_line(&t->runs[i], out);
    put_calendar(t, out);
    evac_buf_putf(out, "\nDeficiencies: %zu found, %zu open\n", t->deficiencies->count,
                  evac_deficiencies_open(t->deficiencies));
    evac_deficiencies_text(t->deficiencies, t->as_of_ms, true, out);
}
