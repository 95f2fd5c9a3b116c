/*
 * How evac-fence is started beside an app (controller/fence), as the app's own configuration has
 * it: its GO object's copies, and for how long a permission lasts. Pure.
 */
#ifndef EVAC_FENCE_LINE_H
#define EVAC_FENCE_LINE_H

#include "conf.h"
#include "jw.h"

#include "evac/arena.h"
#include "evac/buf.h"

#define EVAC_FENCE_LINE_COPIES 8u /* as many as evac-fence takes */

struct evac_fence_line {
    struct evac_str app, region, resource;
    struct evac_str lease, margin; /* durations, as they were written */
    struct {
        struct evac_str bucket, key, region;
    } copies[EVAC_FENCE_LINE_COPIES]; /* all but the region's own */
    size_t copy_count;
};

/*
 * For one of the app's regions. resource: "" the only one that holds a GO object. Texts live in
 * *arena, and in the model. EVAC_E_NOTFOUND: there is no such region or resource; BADARG: it must
 * be named, or has no copy elsewhere; UNSUPPORTED: a value that a line of systemd's environment can
 * not carry.
 */
enum evac_code evac_fence_line(const struct evac_app *app, struct evac_str region,
                               struct evac_str resource, struct evac_arena *arena,
                               struct evac_fence_line *ret_line, struct evac_err *err);

/* The file that the systemd unit reads (contrib/systemd/evac-fence@.service): its one setting, and
 * as comments whatever else the machine needs. */
void evac_fence_line_text(const struct evac_fence_line *line, struct evac_buf *out);
/* An object; "fence_args" is that setting's value. */
void evac_fence_line_json(const struct evac_fence_line *line, struct evac_jw *w);

#endif
