/* Enough for the compiler to protect: a copy whose size it does not know, into an array on the
 * stack. */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    char text[64];
    memcpy(text, argv[0], strlen(argv[argc - 1]));
    text[sizeof text - 1] = '\0';
    return printf("%s\n", text) < 0;
}
