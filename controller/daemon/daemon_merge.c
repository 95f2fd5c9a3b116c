/* Another controller's journal, merged into the one that is open. */
#include "daemon_internal.h"

#include "log.h"
#include "merge.h"

#include <inttypes.h>
#include <unistd.h>

static enum evac_code open_other(const char *path, struct evac_store **ret_store,
                                 struct evac_err *err)
{
    const struct evac_store_options options = {
        .path = path, .node = "", .boot_id = "", .read_only = true
    };
    long pid;
    int64_t since;
    if (access(path, R_OK) != 0)
        return evac_fail(err, EVAC_E_NOTFOUND,
                         "%s can not be read by this controller: it must lie on its machine", path);
    if (evac_store_sqlite_held(path, &pid, &since))
        return evac_fail(err, EVAC_E_REFUSED,
                         "%s is held by process %ld: end it first ('evac --standalone stand-down')",
                         path, pid);
    enum evac_code code = evac_store_open_sqlite(&options, ret_store, err);
    return code ? evac_err_prefix(err, "%s", path), code : EVAC_OK;
}

static void tell(const struct evac_merge *merge, uint64_t first, struct evac_buf *words)
{
    if (merge->count == 0)
        evac_buf_puts(words, "nothing new: all of it is here already");
    else
        evac_buf_putf(words,
                      "merged: rows %" PRIu64 " to %" PRIu64 " of it are rows %" PRIu64
                      " to %" PRIu64 " here, with %zu run%s from number %" PRIu64
                      " on. Look at them, then 'evac ack' each app: nothing automatic before",
                      merge->from_seq, merge->to_seq, merge->rows[0].seq,
                      merge->rows[merge->count - 1].seq, merge->runs, merge->runs == 1 ? "" : "s",
                      first);
}

enum evac_code evac_daemon_merge(struct evac_daemon *daemon, const char *path, struct evac_str who,
                                 struct evac_buf *words, struct evac_err *err)
{
    struct evac_store *other = NULL;
    struct evac_merge merge = { .arena = NULL };
    enum evac_code code = open_other(path, &other, err);
    if (code)
        return code;
    evac_daemon_commit(daemon); /* what comes behind it is numbered now */
    const struct evac_merge_wish wish = { other,
                                          daemon->store,
                                          evac_shell_engine(daemon->shell),
                                          who,
                                          evac_daemon_now_ms(daemon),
                                          evac_daemon_wall_ms(daemon) };
    uint64_t first = wish.engine->next_run;
    code = evac_merge_make(&wish, &merge, err);
    if (!code && merge.count)
        code = daemon_append_apart(daemon, merge.rows, merge.count, err);
    if (!code)
        tell(&merge, first, words);
    evac_merge_done(&merge);
    evac_store_close(other);
    return code;
}
