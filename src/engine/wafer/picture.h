/* picture.h: drawing with cairo and pango: a surface that ends in a sink, and text in any script. */
#pragma once

#include <xinlian/wafer.h>

#include <cairo.h>
#include <pango/pangocairo.h>

/* The picture is laid out once to learn its height (measuring, nothing is kept), then drawn. */
struct picture {
    cairo_t *cairo;
    cairo_surface_t *surface;
    PangoLayout *layout;
    struct xl_sink sink;
    struct xl_error *error;
    enum xl_picture kind;
};
bool picture_begin(struct picture *, enum xl_picture, double width, double height, struct xl_sink, struct xl_error *);
/* Writes what was drawn, and frees everything. */
bool picture_end(struct picture *);

struct picture_font {
    double size;
    bool bold;
    uint32_t rgb;
};
enum picture_align { PICTURE_LEFT, PICTURE_CENTRE, PICTURE_RIGHT };
/* One line, its middle at height y; cut with "…" past `most` (0: no bound). Returns its width. */
double picture_text(struct picture *, const struct picture_font *, double x, double y, enum picture_align, double most, const char *text);
double picture_text_width(struct picture *, const struct picture_font *, const char *text);

void picture_colour(struct picture *, uint32_t rgb);
void picture_box(struct picture *, double x, double y, double width, double height, uint32_t rgb);
