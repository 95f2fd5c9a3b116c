#include "effects.h"

#include <string.h>

/* The most that one step can add while it handles one event. */
#define ROOM_PER_STEP 24u
#define ROOM_TEXT     4096u

void evac_effects_reset(struct evac_effects *fx)
{
    fx->count = 0;
    fx->text_used = 0;
    fx->answer = EVAC_OK;
    fx->answer_text[0] = '\0';
    fx->answer_run = 0;
}

bool evac_effects_has_room(const struct evac_effects *fx)
{
    return fx->count + ROOM_PER_STEP <= EVAC_EFFECTS_MAX &&
           fx->text_used + ROOM_TEXT <= EVAC_EFFECTS_TEXT;
}

struct evac_effect *evac_effects_add(struct evac_effects *fx, enum evac_effect_kind kind)
{
    /* has_room() is asked before each step is handled; should that ever be wrong, stop here and
     * be replayed, rather than write past the end */
    if (fx->count == EVAC_EFFECTS_MAX)
        __builtin_trap();
    struct evac_effect *effect = &fx->items[fx->count++];
    memset(effect, 0, sizeof *effect);
    effect->kind = kind;
    return effect;
}

struct evac_text evac_effects_text(struct evac_effects *fx, size_t max_bytes)
{
    struct evac_text text;
    size_t room = EVAC_EFFECTS_TEXT - fx->text_used;
    evac_text_init(&text, fx->text + fx->text_used, max_bytes < room ? max_bytes : room);
    return text;
}

struct evac_str evac_effects_text_end(struct evac_effects *fx, const struct evac_text *text)
{
    struct evac_str s = { text->p, text->n };
    fx->text_used += text->n + 1;
    return s;
}
