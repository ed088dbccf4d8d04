/* words.h: words for people. The code says them in English; xgettext finds _() and N_(); catalogues are embedded. */
#pragma once

#include <xinlian/base.h>

#define _(english) xl_words(english)
/* Marks a text for the catalogues where no call can stand, in a table for instance; look it up by xl_words() when it is shown. */
#define N_(english) english
