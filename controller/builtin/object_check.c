#include "object_check.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#define SEGMENTS_MAX 64u
#define DYNAMIC_MAX  1024u

#if defined __x86_64__
#define MACHINE EM_X86_64
#elif defined __aarch64__
#define MACHINE EM_AARCH64
#elif defined __riscv
#define MACHINE EM_RISCV
#elif defined __powerpc64__
#define MACHINE EM_PPC64
#elif defined __s390x__
#define MACHINE EM_S390
#elif defined __arm__
#define MACHINE EM_ARM
#elif defined __i386__
#define MACHINE EM_386
#endif
#define CLASS (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)
#define ORDER (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB)

struct object {
    struct evac_str file;
    struct evac_err *err;
    ElfW(Phdr) segments[SEGMENTS_MAX];
    size_t segment_count;
    /* of the dynamic section, addresses until they are looked up */
    uint64_t strings, string_bytes, symbols, symbol_bytes, gnu_hash, hash;
};

static enum evac_code bad(const struct object *o, const char *why)
{
    return evac_fail(o->err, EVAC_E_BADDRIVER, "%s", why);
}

/* False: it lies outside of the file. Copied, since nothing in a file is aligned. */
static bool take(const struct object *o, uint64_t at, void *to, size_t bytes)
{
    if (at > o->file.n || bytes > o->file.n - at)
        return false;
    memcpy(to, o->file.p + at, bytes);
    return true;
}

/* --- the head, and what is loaded --------------------------------------------------------------
 */

static enum evac_code check_head(const struct object *o, const ElfW(Ehdr) * head)
{
    if (memcmp(head->e_ident, ELFMAG, SELFMAG) != 0)
        return bad(o, "it is no ELF file");
    if (head->e_ident[EI_CLASS] != CLASS || head->e_ident[EI_DATA] != ORDER)
        return bad(o, "it was built for another word size or byte order");
    if (head->e_ident[EI_VERSION] != EV_CURRENT || head->e_version != EV_CURRENT)
        return bad(o, "it is of a version of ELF that is not known here");
#ifdef MACHINE
    if (head->e_machine != MACHINE)
        return bad(o, "it was built for another machine");
#endif
    if (head->e_type != ET_DYN)
        return bad(o, "it is no shared object");
    if (head->e_phentsize != sizeof(ElfW(Phdr)) || head->e_phnum == 0 ||
        head->e_phnum > SEGMENTS_MAX)
        return bad(o, "its table of segments is none");
    return EVAC_OK;
}

static enum evac_code check_segment(const struct object *o, const ElfW(Phdr) * s)
{
    if (s->p_type == PT_INTERP)
        return bad(o, "it is a program, not a shared object");
    if (s->p_type != PT_LOAD && s->p_type != PT_DYNAMIC)
        return EVAC_OK;
    if (s->p_offset > o->file.n || s->p_filesz > o->file.n - s->p_offset)
        return bad(o, "a part of it lies behind its end: it is not whole");
    if (s->p_filesz > s->p_memsz || s->p_memsz > UINT64_C(1) << 32 ||
        s->p_vaddr > UINT64_C(1) << 40)
        return bad(o, "a part of it has no place in memory");
    if (s->p_type == PT_LOAD && (s->p_align == 0 || (s->p_align & (s->p_align - 1)) ||
                                 ((s->p_vaddr - s->p_offset) & (s->p_align - 1))))
        return bad(o, "a part of it is not aligned as it is loaded");
    return EVAC_OK;
}

static enum evac_code read_segments(struct object *o)
{
    ElfW(Ehdr) head;
    if (!take(o, 0, &head, sizeof head))
        return bad(o, "it is no ELF file: it is too short");
    enum evac_code code = check_head(o, &head);
    for (; !code && o->segment_count < head.e_phnum; o->segment_count++) {
        ElfW(Phdr) *s = &o->segments[o->segment_count];
        if (!take(o, head.e_phoff + o->segment_count * sizeof *s, s, sizeof *s))
            return bad(o, "its table of segments lies behind its end: it is not whole");
        code = check_segment(o, s);
    }
    return code;
}

static const ElfW(Phdr) * first_segment(const struct object *o, uint32_t type)
{
    for (size_t i = 0; i < o->segment_count; i++)
        if (o->segments[i].p_type == type)
            return &o->segments[i];
    return NULL;
}

/* What will stand at an address of the loaded object; false: nothing of the file. */
static bool take_loaded(const struct object *o, uint64_t address, void *to, size_t bytes)
{
    for (size_t i = 0; i < o->segment_count; i++) {
        const ElfW(Phdr) *s = &o->segments[i];
        if (s->p_type == PT_LOAD && address >= s->p_vaddr && address - s->p_vaddr <= s->p_filesz &&
            bytes <= s->p_filesz - (address - s->p_vaddr))
            return take(o, s->p_offset + (address - s->p_vaddr), to, bytes);
    }
    return false;
}

/* --- its dynamic symbols -----------------------------------------------------------------------
 */

static enum evac_code read_dynamic(struct object *o)
{
    const ElfW(Phdr) *s = first_segment(o, PT_DYNAMIC);
    bool ends = false;
    if (!first_segment(o, PT_LOAD) || !s)
        return bad(o, "it has nothing that could be loaded");
    for (size_t i = 0; !ends && i < DYNAMIC_MAX && (i + 1) * sizeof(ElfW(Dyn)) <= s->p_filesz;
         i++) {
        ElfW(Dyn) d;
        if (!take_loaded(o, s->p_vaddr + i * sizeof d, &d, sizeof d))
            return bad(o, "its dynamic section is not among what is loaded");
        switch (d.d_tag) {
        case DT_STRTAB:
            o->strings = d.d_un.d_ptr;
            break;
        case DT_STRSZ:
            o->string_bytes = d.d_un.d_val;
            break;
        case DT_SYMTAB:
            o->symbols = d.d_un.d_ptr;
            break;
        case DT_SYMENT:
            o->symbol_bytes = d.d_un.d_val;
            break;
        case DT_GNU_HASH:
            o->gnu_hash = d.d_un.d_ptr;
            break;
        case DT_HASH:
            o->hash = d.d_un.d_ptr;
            break;
        case DT_NULL:
            ends = true;
            break;
        default:
            break;
        }
    }
    if (!ends || o->symbol_bytes != sizeof(ElfW(Sym)) || !o->strings || !o->symbols)
        return bad(o, "its dynamic section can not be read");
    return EVAC_OK;
}

/* Is the symbol of that number a defined object of that name, which lies in the file? */
static bool is_symbol(const struct object *o, uint32_t number, const char *name)
{
    ElfW(Sym) symbol;
    char found[64];
    size_t n = strlen(name) + 1;
    uint8_t byte;
    if (n > sizeof found ||
        !take_loaded(o, o->symbols + (uint64_t)number * sizeof symbol, &symbol, sizeof symbol) ||
        symbol.st_name >= o->string_bytes || n > o->string_bytes - symbol.st_name ||
        !take_loaded(o, o->strings + symbol.st_name, found, n) || memcmp(found, name, n) != 0)
        return false;
    unsigned type = symbol.st_info & 0xf, bind = symbol.st_info >> 4;
    return symbol.st_shndx != SHN_UNDEF && type == STT_OBJECT &&
           (bind == STB_GLOBAL || bind == STB_WEAK) && take_loaded(o, symbol.st_value, &byte, 1);
}

static bool find_gnu(const struct object *o, const char *name)
{
    uint32_t head[4], number, word = 0, hash = 5381; /* buckets, first symbol, bloom words, shift */
    for (const char *p = name; *p; p++)
        hash = hash * 33 + (unsigned char)*p;
    if (!take_loaded(o, o->gnu_hash, head, sizeof head) || head[0] == 0)
        return false;
    uint64_t buckets = o->gnu_hash + sizeof head + (uint64_t)head[2] * sizeof(ElfW(Addr));
    uint64_t chains = buckets + (uint64_t)head[0] * sizeof word;
    if (!take_loaded(o, buckets + (uint64_t)(hash % head[0]) * sizeof word, &number,
                     sizeof number) ||
        number < head[1])
        return false;
    do {
        if (!take_loaded(o, chains + (uint64_t)(number - head[1]) * sizeof word, &word,
                         sizeof word))
            return false;
        if ((word | 1) == (hash | 1) && is_symbol(o, number, name))
            return true;
    } while (!(word & 1) && number++ < UINT32_MAX);
    return false;
}

/* All that the older table counts: whoever leaves the newer one out has few. */
static bool find_plain(const struct object *o, const char *name)
{
    uint32_t head[2]; /* buckets, symbols */
    if (!take_loaded(o, o->hash, head, sizeof head))
        return false;
    for (uint32_t i = 0; i < head[1] && i < o->file.n / sizeof(ElfW(Sym)); i++)
        if (is_symbol(o, i, name))
            return true;
    return false;
}

enum evac_code evac_object_check(struct evac_str file, const char *symbol, struct evac_err *err)
{
    struct object o = { .file = file, .err = err };
    enum evac_code code = read_segments(&o);
    if (!code)
        code = read_dynamic(&o);
    if (!code && !(o.gnu_hash && find_gnu(&o, symbol)) && !(o.hash && find_plain(&o, symbol)))
        code = evac_fail(err, EVAC_E_BADDRIVER, "it has no symbol %s: const struct %s %s, visible",
                         symbol, symbol, symbol);
    return code;
}
