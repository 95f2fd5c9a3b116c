/* A member of a parsed JSON object, as text. Inline: this room links no JSON library, and who reads
 * JSON does. */
#ifndef EVAC_JSON_TEXT_H
#define EVAC_JSON_TEXT_H

#include "evac/str.h"

#include <cjson/cJSON.h>

/* "" when there is no such member, or it is no text. Borrowed from the object. */
static inline struct evac_str evac_json_text(const cJSON *object, const char *member)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, member);
    return cJSON_IsString(item) ? evac_str(item->valuestring) : EVAC_STR_NONE;
}
#endif
