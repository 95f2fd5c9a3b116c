/* Questions to the model's DNS servers, over UDP and TCP. */
#include "fuzz.h"
#include "sandbox.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const regions[] = { "us-east-1", "us-west-2", "eu-west-1", NULL };
    static struct evac_sandbox *sb;
    struct evac_buf answer;
    if (!sb) {
        const struct evac_sandbox_options options = { .seed = 1,
                                                      .regions = regions,
                                                      .speed = 10,
                                                      .access_key_id = "id",
                                                      .secret_access_key = "key" };
        sb = evac_sandbox_new(&options);
        evac_sandbox_shop(sb, 8080);
    }
    for (int tcp = 0; tcp < 2; tcp++) {
        evac_buf_init(&answer, 66000);
        if (evac_sandbox_dns(sb, data, size, tcp, &answer)) {
            MUST(answer.n >= 12 && (tcp || answer.n <= 4096));
            MUST(memcmp(answer.p, data, 2) == 0);
            MUST(answer.p[2] & 0x80);
        }
        evac_buf_done(&answer);
    }
    return 0;
}
