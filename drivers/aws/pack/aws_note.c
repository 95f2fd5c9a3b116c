/* What a service gave us to remember. */
#include "aws_pack.h"

#include <stdlib.h>
#include <string.h>

#define NOTES_FIRST 16u   /* then twice as many, as often as needed, up to: */
#define NOTES_MAX   4096u /* a few for each of a thousand apps */
#define VALUE_BYTES 8192u

struct aws_note {
    char key[160];
    char *value;
};

static struct aws_note *find(const struct evac_link *link, struct evac_str key)
{
    for (size_t i = 0; i < link->note_count; i++)
        if (evac_str_is(key, link->notes[i].key))
            return &link->notes[i];
    return NULL;
}

static struct aws_note *make_room(struct evac_link *link)
{
    if (link->note_count == link->note_room && link->note_room < NOTES_MAX) {
        link->note_room = link->note_room ? 2 * link->note_room : NOTES_FIRST;
        link->notes = realloc(link->notes, link->note_room * sizeof *link->notes);
        if (!link->notes)
            abort();
    }
    if (link->note_count == NOTES_MAX) {
        free(link->notes[0].value);
        memmove(link->notes, link->notes + 1, (NOTES_MAX - 1) * sizeof *link->notes);
        link->note_count--;
    }
    struct aws_note *note = &link->notes[link->note_count++];
    note->value = NULL;
    return note;
}

void aws_note_set(struct evac_link *link, struct evac_str key, struct evac_str value)
{
    struct aws_note *note = find(link, key);
    if (!note)
        note = make_room(link);
    free(note->value);
    note->value = calloc(1, value.n + 1);
    if (!note->value)
        abort();
    if (evac_str_copy(note->key, sizeof note->key, key) && value.n < VALUE_BYTES && value.n)
        memcpy(note->value, value.p, value.n);
    else
        note->key[0] = '\0'; /* half a note is worse than none */
}

struct evac_str aws_note_get(const struct evac_link *link, struct evac_str key)
{
    const struct aws_note *note = key.n ? find(link, key) : NULL;
    return note ? evac_str(note->value) : EVAC_STR_NONE;
}

void aws_notes_done(struct evac_link *link)
{
    for (size_t i = 0; i < link->note_count; i++)
        free(link->notes[i].value);
    free(link->notes);
    link->notes = NULL;
    link->note_count = link->note_room = 0;
}
