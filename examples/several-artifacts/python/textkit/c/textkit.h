/* The words in a text that ends with a zero byte. */
#ifndef TEXTKIT_H
#define TEXTKIT_H
#include <stddef.h>
size_t textkit_words(const char *text);
#endif
