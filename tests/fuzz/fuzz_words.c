/* Small texts that people write: calendars, durations, numbers. */
#include "evac/args.h"
#include "fuzz.h"
#include "window.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct evac_str text = { (const char *)data, size };
    struct evac_cron cron;
    struct evac_err err = { EVAC_OK, "" };
    int64_t ms;
    struct evac_str on, every = evac_str_cut(text, '\n', &on);
    struct evac_window window;
    const struct evac_window_text from = { .from = every, .to = on };
    MUST(evac_cron_parse(text, &cron, &err) == EVAC_OK || err.text[0]);
    MUST(evac_cron_words(every, on, &cron, &err) == EVAC_OK || err.text[0]);
    MUST(evac_window_parse(&from, &window, &err) == EVAC_OK || err.text[0]);
    if (evac_duration_ms(text, &ms))
        MUST(ms >= 0);
    (void)evac_str_i64(text, &ms);
    return 0;
}
