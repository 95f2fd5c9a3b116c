#include "steady.h"

#include <stdlib.h>

#define SET_MS 1000

static void begin_boot(struct evac_steady *s, uint64_t boot, const struct evac_record *r)
{
    s->moved_ms += s->gap_ms - s->first_gap_ms;
    if (s->known && r->t_wall_ms - s->moved_ms < s->newest_ms)
        s->moved_ms = r->t_wall_ms - s->newest_ms;
    s->first_gap_ms = s->gap_ms = r->t_wall_ms - (int64_t)r->t_boot_ms;
    s->boot = boot;
    s->known = true;
}

static int64_t as_it_began(const struct evac_steady *s, const struct evac_record *r)
{
    return (int64_t)r->t_boot_ms + s->first_gap_ms - s->moved_ms;
}

/* Without a name of the boot the lead's epoch stands for it, which may have been another machine's
 * before: in a journal that was merged. */
static bool is_another(const struct evac_steady *s, const struct evac_record *r, uint64_t boot)
{
    if (!s->known)
        return true;
    return boot ? boot != s->boot : r->epoch != s->boot || r->kind == EVAC_RECORD_RESUME;
}

int64_t evac_steady_ms(struct evac_steady *s, const struct evac_record *r, uint64_t boot)
{
    if (is_another(s, r, boot))
        begin_boot(s, boot ? boot : r->epoch, r);
    if (r->kind != EVAC_RECORD_INSTANT) { /* that was read when it was, not now */
        s->gap_ms = r->t_wall_ms - (int64_t)r->t_boot_ms;
        s->newest_ms = as_it_began(s, r);
    }
    int64_t set_ms = s->gap_ms - s->first_gap_ms + s->moved_ms;
    if (llabs(set_ms) > llabs(s->most_ms))
        s->most_ms = set_ms;
    return as_it_began(s, r);
}

int64_t evac_steady_set_ms(const struct evac_steady *s)
{
    return llabs(s->most_ms) >= SET_MS ? s->most_ms : 0;
}
