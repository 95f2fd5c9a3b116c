/* What is said over the phone and typed: a code and an answer. The first byte chooses. */
#include "challenge.h"
#include "fuzz.h"

#include <string.h>

#define NOW_MS INT64_C(1790000000000)

/* A code that is taken is the one that is written again, whatever was typed around it. */
static void read_code(struct evac_str text)
{
    struct evac_challenge code, again;
    char written[EVAC_CHALLENGE_TEXT], id[EVAC_CHALLENGE_ID];
    struct evac_err err = { EVAC_OK, "" };
    if (evac_challenge_read(text, NOW_MS, &code, &err)) {
        MUST(err.text[0]);
        return;
    }
    MUST(code.run < EVAC_CHALLENGE_RUNS && code.nonce < UINT64_C(1) << 40 && code.facts < 1u << 20);
    evac_challenge_write(&code, written);
    MUST(strlen(written) == EVAC_CHALLENGE_TEXT - 1);
    MUST(evac_challenge_read(evac_str(written), NOW_MS, &again, &err) == EVAC_OK);
    MUST(again.run == code.run && again.end_min == code.end_min && again.nonce == code.nonce &&
         again.loss == code.loss && again.facts == code.facts);
    evac_challenge_id(code.nonce, id);
    MUST(strlen(id) == EVAC_CHALLENGE_ID - 1);
    (void)evac_loss_words(code.loss);
    for (char *c = written; *c; c++) /* one character that was misheard is always found */
        if (*c != '-') {
            char was = *c;
            *c = was == '7' ? '8' : '7';
            MUST(evac_challenge_read(evac_str(written), NOW_MS, &again, &err) == EVAC_E_BADARG);
            *c = was;
        }
}

static void read_answer(struct evac_str text)
{
    char answer[EVAC_RESPONSE_TEXT], again[EVAC_RESPONSE_TEXT];
    struct evac_err err = { EVAC_OK, "" };
    if (evac_response_read(text, answer, &err)) {
        MUST(err.text[0]);
        return;
    }
    MUST(evac_response_read(evac_str(answer), again, &err) == EVAC_OK);
    MUST(strcmp(answer, again) == 0 && evac_response_is(answer, again));
}

/* An answer is good for one code, these facts and this key. */
static void answer(struct fuzz_input in)
{
    struct evac_challenge code = { .run = fuzz_byte(&in), .nonce = fuzz_byte(&in), .end_min = 1 };
    struct evac_challenge_facts facts = { fuzz_line(&in, '\n'), fuzz_line(&in, '\n'),
                                          fuzz_line(&in, '\n'), fuzz_line(&in, '\n') };
    uint8_t key[EVAC_APPROVER_KEY] = { 1 };
    char right[EVAC_RESPONSE_TEXT], wrong[EVAC_RESPONSE_TEXT];
    code.facts = evac_challenge_digest(&facts);
    evac_response_make(key, &code, &facts, right);
    key[EVAC_APPROVER_KEY - 1] ^= 1;
    evac_response_make(key, &code, &facts, wrong);
    MUST(!evac_response_is(right, wrong));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = { data, size };
    unsigned which = fuzz_byte(&in) % 3;
    if (which == 0)
        read_code(fuzz_rest(&in));
    else if (which == 1)
        read_answer(fuzz_rest(&in));
    else
        answer(in);
    return 0;
}
