/* What is given to the loader: whole shared objects with a pack, told by their bytes alone. */
#include "object_check.h"
#include "suite.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

static char file[8192];
static size_t bytes;
static struct evac_err err;

/* The fuzzer's seeds have a byte before the file. */
static void load(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/object/%s", EVAC_SOURCE_DIR, name);
    FILE *f = fopen(path, "rb");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fgetc(f), 0);
    bytes = fread(file, 1, sizeof file, f);
    fclose(f);
    err = (struct evac_err){ EVAC_OK, "" };
}

static enum evac_code check(void)
{
    return evac_object_check((struct evac_str){ file, bytes }, "evac_pack", &err);
}

START_TEST(a_whole_object_with_a_pack_is_good_by_either_table_of_symbols)
{
    load("pack.so");
    ck_assert_msg(check() == EVAC_OK, "%s", err.text);
    load("sysv.so");
    ck_assert_msg(check() == EVAC_OK, "%s", err.text);
}
END_TEST

START_TEST(one_without_the_symbol_is_refused_before_any_of_it_runs)
{
    load("another.so");
    ck_assert_int_eq(check(), EVAC_E_BADDRIVER);
    ck_assert_msg(strstr(err.text, "has no symbol evac_pack"), "%s", err.text);
}
END_TEST

/* Sections that no loader needs stand at the end: only what is loaded must be there. */
START_TEST(a_file_that_is_cut_off_within_what_is_loaded_is_refused)
{
    load("pack.so");
    const size_t whole = bytes;
    Elf64_Ehdr head;
    Elf64_Phdr s;
    size_t needed = 0;
    memcpy(&head, file, sizeof head);
    for (size_t i = 0; i < head.e_phnum; i++) {
        memcpy(&s, file + head.e_phoff + i * sizeof s, sizeof s);
        if (s.p_type == PT_LOAD && s.p_offset + s.p_filesz > needed)
            needed = s.p_offset + s.p_filesz;
    }
    ck_assert_uint_lt(needed, whole);
    for (bytes = 0; bytes < needed; bytes++)
        ck_assert_msg(check() == EVAC_E_BADDRIVER, "%zu bytes", bytes);
    ck_assert_msg(strstr(err.text, "it is not whole"), "%s", err.text);
    ck_assert_int_eq(check(), EVAC_OK);
}
END_TEST

/* clang-format off */
static const struct {
    size_t at;
    uint8_t value;
    const char *says;
} heads[] = {
    { 0, 'X', "no ELF" },
    { EI_CLASS, ELFCLASS32, "word size" },
    { EI_DATA, ELFDATA2MSB, "byte order" },
    { EI_VERSION, 9, "version of ELF" },
    { offsetof(Elf64_Ehdr, e_type), ET_EXEC, "no shared object" },
    { offsetof(Elf64_Ehdr, e_type), ET_CORE, "no shared object" },
    { offsetof(Elf64_Ehdr, e_machine), EM_SPARC, "another machine" },
    { offsetof(Elf64_Ehdr, e_phnum), 0, "table of segments" },
    { offsetof(Elf64_Ehdr, e_phnum), 200, "table of segments" },
    { offsetof(Elf64_Ehdr, e_phentsize), 1, "table of segments" },
    { offsetof(Elf64_Ehdr, e_phoff) + 5, 1, "not whole" },
};
/* clang-format on */

START_TEST(a_head_that_is_none_is_refused_for_what_it_is)
{
    load("pack.so");
    file[heads[_i].at] = (char)heads[_i].value;
    ck_assert_int_eq(check(), EVAC_E_BADDRIVER);
    ck_assert_msg(strstr(err.text, heads[_i].says), "%s", err.text);
}
END_TEST

/* The n-th segment, changed. */
static void change_segment(uint32_t type, void (*change)(Elf64_Phdr *))
{
    Elf64_Ehdr head;
    Elf64_Phdr s;
    memcpy(&head, file, sizeof head);
    for (size_t i = 0; i < head.e_phnum; i++) {
        memcpy(&s, file + head.e_phoff + i * sizeof s, sizeof s);
        if (s.p_type == type) {
            change(&s);
            memcpy(file + head.e_phoff + i * sizeof s, &s, sizeof s);
            return;
        }
    }
    ck_abort_msg("there is no such segment");
}

static void behind(Elf64_Phdr *s)
{
    s->p_offset = UINT64_MAX - 4;
}
static void longer(Elf64_Phdr *s)
{
    s->p_filesz = UINT64_MAX;
}
static void smaller(Elf64_Phdr *s)
{
    s->p_memsz = s->p_filesz - 1;
}
static void askew(Elf64_Phdr *s)
{
    s->p_vaddr++;
}
static void odd(Elf64_Phdr *s)
{
    s->p_align = 3;
}
static void program(Elf64_Phdr *s)
{
    s->p_type = PT_INTERP;
}
static void nothing(Elf64_Phdr *s)
{
    s->p_type = PT_NULL;
}
static void elsewhere(Elf64_Phdr *s)
{
    s->p_vaddr = 1u << 30;
}
static void empty(Elf64_Phdr *s)
{
    s->p_filesz = 0;
}

static const struct {
    uint32_t type;
    void (*change)(Elf64_Phdr *);
    const char *says;
} segments[] = {
    { PT_LOAD, behind, "not whole" },
    { PT_LOAD, longer, "not whole" },
    { PT_LOAD, smaller, "no place in memory" },
    { PT_LOAD, askew, "not aligned" },
    { PT_LOAD, odd, "not aligned" },
    { PT_LOAD, program, "is a program" },
    { PT_DYNAMIC, nothing, "nothing that" },
    { PT_DYNAMIC, elsewhere, "not among what is loaded" },
    { PT_DYNAMIC, empty, "can not be read" },
};

START_TEST(a_segment_that_can_not_be_loaded_is_refused_for_what_it_is)
{
    load("pack.so");
    change_segment(segments[_i].type, segments[_i].change);
    ck_assert_int_eq(check(), EVAC_E_BADDRIVER);
    ck_assert_msg(strstr(err.text, segments[_i].says), "%s", err.text);
}
END_TEST

START_TEST(any_byte_may_be_any_other_and_nothing_outside_of_the_file_is_read)
{
    load("pack.so");
    for (size_t i = 0; i < bytes; i++) {
        char was = file[i];
        char *exact = malloc(bytes); /* so that a sanitizer sees a byte too far */
        ck_assert_ptr_nonnull(exact);
        file[i] = (char)(was ^ (1 << (i % 8)));
        memcpy(exact, file, bytes);
        enum evac_code code =
            evac_object_check((struct evac_str){ exact, bytes }, "evac_pack", &err);
        ck_assert(code == EVAC_OK || code == EVAC_E_BADDRIVER);
        file[i] = was;
        free(exact);
    }
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("object");
    tcase_add_test(tc, a_whole_object_with_a_pack_is_good_by_either_table_of_symbols);
    tcase_add_test(tc, one_without_the_symbol_is_refused_before_any_of_it_runs);
    tcase_add_test(tc, a_file_that_is_cut_off_within_what_is_loaded_is_refused);
    tcase_add_loop_test(tc, a_head_that_is_none_is_refused_for_what_it_is, 0,
                        sizeof heads / sizeof heads[0]);
    tcase_add_loop_test(tc, a_segment_that_can_not_be_loaded_is_refused_for_what_it_is, 0,
                        sizeof segments / sizeof segments[0]);
    tcase_add_test(tc, any_byte_may_be_any_other_and_nothing_outside_of_the_file_is_read);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("object", add_cases)
