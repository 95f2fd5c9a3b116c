#include "book.h"

#include <stdlib.h>
#include <string.h>

struct evac_book {
    const struct evac_catalog *catalog;
    struct evac_arena *arena;
    struct evac_link **links; /* as the catalog's packs */
};

enum evac_code evac_book_open(const struct evac_catalog *catalog, const struct evac_host *host,
                              const struct evac_args *settings, struct evac_book **ret_book,
                              struct evac_err *err)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_book *book = evac_arena_alloc(arena, sizeof *book);
    *book = (struct evac_book){ catalog, arena, NULL };
    book->links = evac_arena_array(arena, catalog->pack_count, sizeof *book->links);

    for (size_t i = 0; i < catalog->pack_count; i++) {
        const struct evac_pack *pack = catalog->packs[i];
        struct evac_args own = evac_args_under(settings, pack->name, arena);
        enum evac_code code = evac_pack_check(pack, err);
        if (!code)
            code = pack->open(host, &own, &book->links[i], err);
        if (code) {
            evac_err_prefix(err, "driver pack '%s'", pack->name);
            evac_book_close(book);
            return code;
        }
    }
    *ret_book = book;
    return EVAC_OK;
}

void evac_book_close(struct evac_book *book)
{
    if (!book)
        return;
    for (size_t i = 0; i < book->catalog->pack_count; i++)
        if (book->links[i])
            book->catalog->packs[i]->close(book->links[i]);
    evac_arena_free(book->arena);
}

const struct evac_driver *evac_book_driver(const struct evac_book *book, struct evac_str type,
                                           struct evac_link **ret_link)
{
    for (size_t i = 0; i < book->catalog->pack_count; i++)
        for (const struct evac_driver *const *d = book->catalog->packs[i]->drivers; *d; d++)
            if (evac_str_is(type, (*d)->name)) {
                *ret_link = book->links[i];
                return *d;
            }
    return NULL;
}

const struct evac_pack *evac_book_publisher(const struct evac_book *book,
                                            struct evac_link **ret_link)
{
    for (size_t i = 0; i < book->catalog->pack_count; i++)
        if (book->catalog->packs[i]->publish) {
            *ret_link = book->links[i];
            return book->catalog->packs[i];
        }
    return NULL;
}

enum evac_code evac_book_discover(const struct evac_book *book, const struct evac_query *query,
                                  evac_said_fn *said, evac_findings_fn *done, void *user,
                                  struct evac_err *err)
{
    for (size_t i = 0; i < book->catalog->pack_count; i++)
        if (book->catalog->packs[i]->discover)
            return book->catalog->packs[i]->discover(book->links[i], query, said, done, user, err);
    return evac_fail(err, EVAC_E_UNSUPPORTED, "no driver pack can look for what an app owns");
}

void evac_book_prepare(const struct evac_book *book, const struct evac_app *app)
{
    for (size_t i = 0; i < book->catalog->pack_count; i++) {
        const struct evac_pack *pack = book->catalog->packs[i];
        for (size_t r = 0; pack->prepare && r < app->region_count; r++)
            pack->prepare(book->links[i], app->name, app->regions[r]);
        if (pack->prepare && app->witness.n)
            pack->prepare(book->links[i], app->name, app->witness);
    }
}
