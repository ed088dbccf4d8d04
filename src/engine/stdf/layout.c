/* layout.c: the layouts of layout.def as tables, found by type and by name. */
#include "engine/stdf/layout.h"

#include <string.h>

#define RECORD(r, title, shortest) static const struct xl_stdf_field r##_field[] = {
#define FIELD(r, name, kind, count, width, flag, flag_mask, flag_absent, optional, missing)                                                \
    {#name, XL_##kind, count, width, flag, flag_mask, flag_absent, optional, missing},
#define END(r)                                                                                                                             \
    }                                                                                                                                      \
    ;
#include "engine/stdf/layout.def"

#define RECORD(r, title, shortest) static const struct xl_stdf_layout r##_layout = {XL_##r, #r, title, r##_FIELDS, r##_field, shortest};
#define FIELD(r, name, kind, count, width, flag, flag_mask, flag_absent, optional, missing)
#define END(r)
#include "engine/stdf/layout.def"

static const struct xl_stdf_layout *const layouts[] = {
#define RECORD(r, title, shortest) &r##_layout,
#define FIELD(r, name, kind, count, width, flag, flag_mask, flag_absent, optional, missing)
#define END(r)
#include "engine/stdf/layout.def"
};

const struct xl_stdf_layout *xl_stdf_layout(uint16_t type)
{
    switch (type) {
#define RECORD(r, title, shortest)                                                                                                         \
    case XL_##r:                                                                                                                           \
        return &r##_layout;
#define FIELD(r, name, kind, count, width, flag, flag_mask, flag_absent, optional, missing)
#define END(r)
#include "engine/stdf/layout.def"
    }
    return NULL;
}

const struct xl_stdf_layout *xl_stdf_layout_named(const char *name)
{
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        if (strcmp(layouts[i]->name, name) == 0)
            return layouts[i];
    }
    return NULL;
}

size_t xl_stdf_layouts(const struct xl_stdf_layout *const **list)
{
    *list = layouts;
    return sizeof layouts / sizeof *layouts;
}

int xl_stdf_field_index(const struct xl_stdf_layout *layout, const char *name)
{
    for (size_t i = 0; i < layout->field_count; i++) {
        if (strcmp(layout->fields[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}
