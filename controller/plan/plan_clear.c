/*
 * Commands for people, out of a driver's templates (struct evac_action, clear): what is known when
 * the plan is made is filled in here; what only the run knows (<run>, <was.NAME>, <each.NAME>,
 * <its>) stays for the report.
 */
#include "plan_internal.h"

#include <string.h>

#define COMMAND_MAX 2000u

/* As a shell takes it for one word. */
void evac_plan_put_word(struct evac_buf *out, struct evac_str text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "-_.:/@%+=,";
    bool quote = text.n == 0;
    for (size_t i = 0; i < text.n; i++)
        quote |= text.p[i] == '\0' || !strchr(plain, text.p[i]);
    if (!quote) {
        evac_buf_put_str(out, text);
        return;
    }
    evac_buf_putc(out, '\'');
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == '\'')
            evac_buf_puts(out, "'\\''");
        else
            evac_buf_putc(out, text.p[i]);
    evac_buf_putc(out, '\'');
}

void evac_plan_fill(struct evac_str text, evac_plan_hole_fn *fill, const void *ctx,
                    struct evac_buf *out)
{
    while (text.n) {
        const char *open = memchr(text.p, '<', text.n);
        const char *close = open ? memchr(open, '>', text.n - (size_t)(open - text.p)) : NULL;
        if (!close) {
            evac_buf_put_str(out, text);
            return;
        }
        struct evac_str name = { open + 1, (size_t)(close - open) - 1 };
        evac_buf_put(out, text.p, (size_t)(open - text.p));
        if (!fill(ctx, name, out))
            evac_buf_put(out, open, name.n + 2);
        text = (struct evac_str){ close + 1, text.n - (size_t)(close - text.p) - 1 };
    }
}

bool evac_plan_is_runs_hole(struct evac_str name)
{
    return evac_str_is(name, "run") || evac_str_starts(name, "was.") ||
           evac_str_starts(name, "each.") || evac_str_is(name, "its") ||
           evac_str_starts(name, "its.");
}

static bool fill_argument(const void *ctx, struct evac_str name, struct evac_buf *out)
{
    const struct evac_plan_step *step = ctx;
    char key[128];
    if (evac_plan_is_runs_hole(name) || !evac_str_copy(key, sizeof key, name))
        return false;
    evac_plan_put_word(out, evac_args_regional(&step->args, key, step->region));
    return true;
}

struct evac_str plan_clear(struct compiler *c, const struct draft *d)
{
    struct evac_buf out;
    if (!d->action->clear)
        return EVAC_STR_NONE;
    evac_buf_init(&out, COMMAND_MAX);
    evac_plan_fill(evac_str(d->action->clear), fill_argument, &d->step, &out);
    struct evac_str text =
        out.failed ? EVAC_STR_NONE : evac_arena_str(c->arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return text;
}
