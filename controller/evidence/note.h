/*
 * Signed notes and checkpoints, as transparency logs write them (C2SP signed-note,
 * tlog-checkpoint): a text, an empty line, and "— name base64(key id, signature)". What a
 * checkpoint says: of this journal, the first `size` rows have this Merkle root (RFC 6962, 2.1).
 */
#ifndef EVAC_NOTE_H
#define EVAC_NOTE_H

#include "key.h"

#define EVAC_NOTE_MAX 4096u

/* text ends with a newline and has no empty line; name without blanks or '+'. */
void evac_note_sign(const struct evac_key *key, struct evac_str name, struct evac_str text,
                    struct evac_buf *out);
/* What was signed, borrowed from the note. CORRUPT: it is no note, or not signed with that key. A
 * NULL key takes it unread: then only its form is checked. */
enum evac_code evac_note_open(const struct evac_key *key, struct evac_str note,
                              struct evac_str *ret_text, struct evac_err *err);

struct evac_checkpoint {
    char origin[128];
    uint64_t size;
    uint8_t root[32];
};
void evac_checkpoint_sign(const struct evac_key *key, const struct evac_checkpoint *checkpoint,
                          struct evac_buf *out);
enum evac_code evac_checkpoint_open(const struct evac_key *key, struct evac_str note,
                                    struct evac_checkpoint *ret_checkpoint, struct evac_err *err);
#endif
