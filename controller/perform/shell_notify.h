/*
 * People told: what the journal's rows are worth telling goes to the outbox (controller/notify),
 * whose rows are journalled like all others; then letters are sent. shell_notify.c queues,
 * shell_notify_send.c sends, shell_notify_watch.c notices what no row says.
 */
#ifndef EVAC_SHELL_NOTIFY_H
#define EVAC_SHELL_NOTIFY_H

#include "outbox.h"
#include "shell_internal.h"
#include "tell.h"

#define SHELL_TELLINGS_MAX 16384u /* of one step's rows; what is beyond is told as a number */

struct shell_flight;

struct shell_notify {
    struct evac_outbox *outbox;
    struct evac_teller teller;
    struct evac_message *told; /* from rows, not queued yet */
    size_t told_count, told_cap;
    uint64_t lost;          /* of told, beyond its ceiling */
    int64_t newest_wall_ms; /* row of the replay */
    bool resumed;           /* what was on its way at the last end is known */
    uint64_t due_ms;        /* something is to be queued or sent */
    uint64_t look_ms;       /* when the next look at what no row says is due */
    struct shell_flight *flights;
    struct {
        uint64_t run, since_boot_ms;
    } pauses[16]; /* of this process: a start begins to count anew */
};

/* shell_notify.c */
struct evac_outbox_now shell_outbox_now(const struct evac_shell *shell);
/* Keeps a message for the next tick. */
void shell_notify_keep(struct evac_shell *shell, const struct evac_message *message);
/* The rows become durable; rows is empty again. */
enum evac_code shell_notify_write(struct evac_shell *shell, struct evac_outbox_rows *rows,
                                  struct evac_err *err);

/* shell_notify_send.c: all letters whose attempt's row is durable. */
enum evac_code shell_notify_send(struct evac_shell *shell, struct evac_err *err);

/* shell_notify_watch.c */
void shell_notify_watch(struct evac_shell *shell);
/* Does the region look down, as far as anybody knows? For choosing where to send from. */
bool shell_region_is_down(void *shell, struct evac_str region);
#endif
