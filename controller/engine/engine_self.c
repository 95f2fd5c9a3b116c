/* What this controller's own opinion is worth: how ill it is and what it reaches, told to all that
 * it looks at. */
#include "engine_internal.h"

#include <string.h>

#define WORDS_BYTES 300u

static void say_why(const struct evac_engine *engine, char *to, size_t bytes)
{
    struct evac_text out;
    evac_text_init(&out, to, bytes);
    evac_self_say(&engine->self, &out);
    if (engine->self.score == 0)
        return;
    evac_text_puts(&out, out.n ? " (score " : "it was ill until just now (score ");
    evac_text_u64(&out, engine->self.score);
    evac_text_puts(&out, " of 8)");
}

static void tell(struct engine_io *io, const struct evac_self_opinion *was,
                 const struct evac_self_opinion *is)
{
    char why[WORDS_BYTES], words[WORDS_BYTES + 100];
    struct evac_text out, kept = evac_effects_text(io->fx, WORDS_BYTES);
    struct evac_record r = { .kind = EVAC_RECORD_VANTAGE };
    say_why(io->engine, why, sizeof why);
    evac_text_puts(&kept, why);
    r.name = io->engine->model->controller.node;
    r.from = evac_str(evac_self_word_name(was->word));
    r.to = evac_str(evac_self_word_name(is->word));
    r.text = evac_effects_text_end(io->fx, &kept);
    engine_record(io, r);

    evac_text_init(&out, words, sizeof words);
    evac_text_puts(&out, is->abstains ? "this controller's opinion does not count"
                         : is->word == EVAC_SELF_PATIENT ? "this controller is ill and waits longer"
                         : is->word == EVAC_SELF_NO_LEAD
                             ? "this controller may not lead"
                             : "this controller's opinion counts again");
    evac_text_puts(&out, why[0] ? ": " : "");
    evac_text_puts(&out, why);
    engine_notice(io, is->abstains, EVAC_STR_NONE, words);
}

static void judge(struct engine_io *io)
{
    struct evac_engine *engine = io->engine;
    struct evac_self_opinion was = engine->opinion;
    engine->opinion = evac_self_judge(&engine->self.reach, engine->self.score);
    if (was.word == engine->opinion.word && was.fall_times == engine->opinion.fall_times &&
        was.abstains == engine->opinion.abstains)
        return;
    if (was.word != engine->opinion.word)
        tell(io, &was, &engine->opinion);
    engine->wake_ms = 0; /* what it looks at hears of it in this step's tick, or in the next */
}

void engine_self_feel(struct engine_io *io, const struct evac_self_event *e)
{
    evac_self_feel(&io->engine->self, &e->signs, io->now->boot_ms);
    io->engine->self.reach.peers = e->peers;
    io->engine->self.reach.resolver = e->resolver;
    judge(io);
}

/* Anchors are taken for reached until they are seen not to be. */
void engine_self_configured(struct evac_engine *engine)
{
    enum evac_reach *anchors = &engine->self.reach.anchors;
    if (engine->model->controller.anchor_count == 0)
        *anchors = EVAC_REACH_ABSENT;
    else if (*anchors == EVAC_REACH_ABSENT)
        *anchors = EVAC_REACH_OK;
}

void engine_self_anchors(struct engine_io *io, bool reached)
{
    io->engine->self.reach.anchors = reached ? EVAC_REACH_OK : EVAC_REACH_FAIL;
    judge(io);
}

bool engine_self_apply(struct engine_io *io, struct evac_health *health,
                       struct evac_health_news *ret_news)
{
    struct evac_vantage_health *self = &health->vantages[0];
    *ret_news = (struct evac_health_news){ 0 };
    self->fall_times = io->engine->opinion.fall_times;
    if (self->abstains == io->engine->opinion.abstains)
        return false;
    say_why(io->engine, self->why, sizeof self->why);
    evac_health_vantage(health, 0, io->engine->opinion.abstains, io->now->boot_ms, io->now->wall_ms,
                        ret_news);
    return true;
}
