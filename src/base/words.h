/* words.h: words for people. The code says them in English; xgettext finds _() and N_(); catalogues are embedded. */
#pragma once

#include <xinlian/base.h>

#define _(english) xl_words(english)
#define N_(english) english
