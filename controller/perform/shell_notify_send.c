/* Letters sent: by the host, or by the driver whose type the channel has. */
#include "post.h"
#include "routing.h"
#include "shell_notify.h"

#include <stdlib.h>
#include <string.h>

#define DRIVER_MS 30000u

/* One attempt on its way. */
struct shell_flight {
    struct shell_flight *next;
    struct evac_shell *shell;
    struct evac_post *post; /* NULL: a driver's */
    uint64_t letter;
};

static void land(struct shell_flight *f)
{
    struct shell_flight **at = &f->shell->notify->flights;
    while (*at && *at != f)
        at = &(*at)->next;
    if (*at)
        *at = f->next;
    free(f);
}

/* --- answers ---------------------------------------------------------------------------------- */

/* At what wakes people a test is over as soon as it arrived. */
static void end_test(struct evac_shell *shell, uint64_t letter, const struct evac_answer *a)
{
    const struct evac_letter *l = evac_outbox_letter(shell->notify->outbox, letter);
    if (!l || l->message.kind != EVAC_ABOUT_TEST || l->message.state != EVAC_NOTICE_TRIGGER ||
        a->kind != EVAC_ANSWER_TAKEN)
        return;
    struct evac_message over = l->message;
    over.state = EVAC_NOTICE_RESOLVE;
    evac_notice_text(over.title, sizeof over.title, "TEST from evac: it arrived, and is over");
    shell_notify_keep(shell, &over);
}

static enum evac_code settle(struct evac_shell *shell, uint64_t letter, const struct evac_answer *a,
                             struct evac_err *err)
{
    struct shell_notify *n = shell->notify;
    struct evac_outbox_rows *rows = calloc(1, sizeof *rows);
    if (!rows)
        abort();
    rows->arena = evac_arena_new();
    end_test(shell, letter, a);
    evac_outbox_answer(n->outbox, letter, a, rows);
    enum evac_code code = shell_notify_write(shell, rows, err);
    evac_arena_free(rows->arena);
    free(rows);
    n->due_ms = 0;
    return code;
}

static void on_answer(void *user, const struct evac_answer *answer)
{
    struct shell_flight *f = user;
    struct evac_shell *shell = f->shell;
    bool last = --shell->open_calls == 0;
    if (!shell->dying && !shell->failed)
        (void)settle(shell, f->letter, answer, NULL); /* a failure is kept in shell->failed */
    land(f);
    if (shell->dying && last)
        shell_destroy(shell);
}

static void on_driver(void *user, const struct evac_reply *reply)
{
    static const enum evac_answer_kind kinds[EVAC_OUTCOME_COUNT] = {
        [EVAC_OUTCOME_ACCEPTED] = EVAC_ANSWER_TAKEN,  [EVAC_OUTCOME_THROTTLED] = EVAC_ANSWER_BUSY,
        [EVAC_OUTCOME_NOT_SENT] = EVAC_ANSWER_BUSY,   [EVAC_OUTCOME_REJECTED] = EVAC_ANSWER_NO,
        [EVAC_OUTCOME_UNKNOWN] = EVAC_ANSWER_UNKNOWN,
    };
    struct shell_flight *f = user;
    if (reply && !f->shell->failed) {
        bool taken = reply->outcome == EVAC_OUTCOME_ACCEPTED;
        struct evac_answer a = { .kind = kinds[reply->outcome],
                                 .retry_after_ms = reply->retry_after_ms,
                                 .text = taken ? EVAC_STR("accepted") : reply->reason,
                                 .request_id = reply->request_id };
        (void)settle(f->shell, f->letter, &a, NULL);
    }
    land(f);
}

/* --- sending ---------------------------------------------------------------------------------- */

static enum evac_code drive(struct shell_flight *f, const struct evac_parcel *parcel,
                            struct evac_err *err)
{
    struct evac_shell *shell = f->shell;
    struct evac_link *link = NULL;
    const struct evac_channel *c = parcel->channel;
    const struct evac_driver *driver = evac_book_driver(shell->act, c->type, &link);
    const struct evac_action *action =
        driver ? evac_driver_action(driver, EVAC_STR(EVAC_ACTION_TELL)) : NULL;
    struct evac_str region = evac_channel_region(c, parcel->attempt, shell_region_is_down, shell);
    if (!action)
        return evac_fail(err, EVAC_E_UNSUPPORTED, "nothing is sent by %.*s", EVAC_STR_ARG(c->type));
    if (region.n == 0)
        region = shell->model->controller.region;
    struct shell_call *call = shell_new_look(shell, on_driver, f);
    const struct evac_plan_place place = { .region = region };
    struct evac_args given = evac_channel_args(parcel, region, call->arena);
    struct evac_args all = evac_plan_whole_props(call->arena, &given, driver->params, &place);
    char *token = evac_arena_alloc(call->arena, 26);
    (void)evac_str_copy(token, 26, evac_str(parcel->message->id));
    const struct evac_call ask = { .verb = EVAC_VERB_APPLY,
                                   .action = action->name,
                                   .args = shell_with_more(call->arena, &all, NULL, 0),
                                   .token = token,
                                   .deadline_ms = shell_now(shell).boot_ms + DRIVER_MS };
    return shell_send_look(call, driver, link, &ask, err);
}

static enum evac_code begin(struct shell_flight *f, struct evac_letter *l,
                            const struct evac_channel *c, struct evac_err *err)
{
    struct evac_shell *shell = f->shell;
    const struct evac_parcel parcel = { .channel = c,
                                        .message = &l->message,
                                        .node = shell->model->controller.node,
                                        .attempt = l->attempt,
                                        .repeat = l->doubted,
                                        .wall_ms = shell_now(shell).wall_ms };
    if (!evac_channel_type(c->type))
        return drive(f, &parcel, err);
    enum evac_code code = evac_post_send(shell->o.host, &parcel, on_answer, f, &f->post, err);
    if (!code)
        shell->open_calls++;
    return code;
}

static enum evac_code send_letter(struct evac_shell *shell, struct evac_letter *l,
                                  struct evac_err *err)
{
    const struct evac_notify_conf *conf = &shell->model->controller.notify;
    size_t at = evac_channel_index(conf, evac_str(l->channel));
    struct evac_err why = { EVAC_OK, "" };
    struct shell_flight *f = calloc(1, sizeof *f);
    if (!f)
        abort();
    *f = (struct shell_flight){ .next = shell->notify->flights, .shell = shell, .letter = l->id };
    shell->notify->flights = f;
    enum evac_code code = at < conf->channel_count
                              ? begin(f, l, &conf->channels[at], &why)
                              : evac_fail(&why, EVAC_E_NOTFOUND, "there is no such channel");
    l->on_its_way = code == EVAC_OK;
    if (!code)
        return EVAC_OK;
    const struct evac_answer no = { .kind = EVAC_ANSWER_BUSY, .text = evac_str(why.text) };
    code = settle(shell, f->letter, &no, err);
    land(f);
    return code;
}

enum evac_code shell_notify_send(struct evac_shell *shell, struct evac_err *err)
{
    enum evac_code code = EVAC_OK;
    struct evac_letter *next;
    for (struct evac_letter *l = evac_outbox_letters(shell->notify->outbox); !code && l; l = next) {
        next = l->next; /* an answer takes only l itself */
        if (l->state == EVAC_LETTER_TRYING && !l->on_its_way)
            code = send_letter(shell, l, err);
    }
    return code;
}

/* Their answers come all the same. */
void shell_notify_ground(struct evac_shell *shell)
{
    struct shell_flight *next;
    for (struct shell_flight *f = shell->notify ? shell->notify->flights : NULL; f; f = next) {
        next = f->next;
        if (f->post)
            evac_post_cancel(f->post);
    }
}
