/*
 * Eventually consistent reads: within stale_ms of an answer, the same question may be given that
 * same answer again, whatever happened since. So a reader sees a state that was true, up to so long
 * ago, and two readers in a row may see time go backwards, as AWS warns.
 */
#include "sandbox_internal.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_MAX       64u
#define KEPT_MAX_BYTES 65536u

struct kept {
    uint64_t hash, at_ms;
    struct evac_buf body;
    int status;
};

struct sb_stale {
    struct kept kept[KEPT_MAX];
    size_t next;
};

static struct kept *find(struct evac_sandbox *sb, uint64_t hash)
{
    for (size_t i = 0; sb->stale && i < KEPT_MAX; i++)
        if (sb->stale->kept[i].hash == hash && sb->stale->kept[i].body.max_bytes)
            return &sb->stale->kept[i];
    return NULL;
}

bool sb_stale_again(struct sb_call *c, uint64_t hash)
{
    struct evac_sandbox *sb = c->sb;
    const struct kept *k = sb->stale_ms ? find(sb, hash) : NULL;
    if (!k || sb->now_ms - k->at_ms > sb->stale_ms || sb_random(sb, 2))
        return false;
    evac_buf_put(&c->out, k->body.p, k->body.n);
    c->status = k->status;
    return true;
}

void sb_stale_keep(struct sb_call *c, uint64_t hash)
{
    struct evac_sandbox *sb = c->sb;
    if (!sb->stale_ms || c->out.n > KEPT_MAX_BYTES)
        return;
    if (!sb->stale && (sb->stale = calloc(1, sizeof *sb->stale)) == NULL)
        abort();
    struct kept *k = find(sb, hash);
    if (k && sb->now_ms - k->at_ms <= sb->stale_ms)
        return; /* an older view is the staler one */
    if (!k) {
        k = &sb->stale->kept[sb->stale->next];
        sb->stale->next = (sb->stale->next + 1) % KEPT_MAX;
    }
    evac_buf_done(&k->body);
    evac_buf_init(&k->body, KEPT_MAX_BYTES + 1);
    evac_buf_put(&k->body, c->out.p, c->out.n);
    k->hash = hash;
    k->at_ms = sb->now_ms;
    k->status = c->status;
}

void sb_stale_forget(struct evac_sandbox *sb)
{
    for (size_t i = 0; sb->stale && i < KEPT_MAX; i++)
        evac_buf_done(&sb->stale->kept[i].body);
    free(sb->stale);
    sb->stale = NULL;
}
