/* picture.c: drawing with cairo and pango. */
#include "engine/wafer/picture.h"

#include <cairo-svg.h>

#include "base/error.h"

static cairo_status_t write_bytes(void *context, const unsigned char *bytes, unsigned length)
{
    struct picture *picture = context;
    if (!picture->sink.write(picture->sink.context, bytes, length, picture->error))
        return CAIRO_STATUS_WRITE_ERROR;
    return CAIRO_STATUS_SUCCESS;
}

/* The same character is drawn differently in China and in Taiwan: the font must know for whom. */
static const char *language_tag(void)
{
    switch (xl_language_get()) {
    case XL_CHINESE_SIMPLIFIED:
        return "zh-cn";
    case XL_CHINESE_TRADITIONAL:
        return "zh-tw";
    case XL_ENGLISH:
        break;
    }
    return "en";
}

bool picture_begin(struct picture *picture, enum xl_picture kind, double width, double height, struct xl_sink sink, struct xl_error *error)
{
    *picture = (struct picture){.sink = sink, .error = error, .kind = kind};
    switch (kind) {
    case XL_PICTURE_PNG:
        picture->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)width, (int)height);
        break;
    case XL_PICTURE_SVG:
        picture->surface = cairo_svg_surface_create_for_stream(write_bytes, picture, width, height);
        cairo_svg_surface_set_document_unit(picture->surface, CAIRO_SVG_UNIT_PX);
        break;
    }
    picture->cairo = cairo_create(picture->surface);
    if (cairo_status(picture->cairo) != CAIRO_STATUS_SUCCESS) {
        xl_fail(error, "picture_failed", _("The picture cannot be made: %s."), cairo_status_to_string(cairo_status(picture->cairo)));
        cairo_destroy(picture->cairo);
        cairo_surface_destroy(picture->surface);
        return false;
    }
    picture->layout = pango_cairo_create_layout(picture->cairo);
    pango_context_set_language(pango_layout_get_context(picture->layout), pango_language_from_string(language_tag()));
    pango_layout_set_single_paragraph_mode(picture->layout, TRUE);
    picture_box(picture, 0, 0, width, height, 0xffffff);
    return true;
}

bool picture_end(struct picture *picture)
{
    cairo_status_t status = cairo_status(picture->cairo);
    g_object_unref(picture->layout);
    cairo_destroy(picture->cairo);
    cairo_surface_flush(picture->surface);
    switch (picture->kind) {
    case XL_PICTURE_PNG:
        if (status == CAIRO_STATUS_SUCCESS)
            status = cairo_surface_write_to_png_stream(picture->surface, write_bytes, picture);
        break;
    case XL_PICTURE_SVG:
        cairo_surface_finish(picture->surface); /* writes */
        if (status == CAIRO_STATUS_SUCCESS)
            status = cairo_surface_status(picture->surface);
        break;
    }
    cairo_surface_destroy(picture->surface);
    if (status != CAIRO_STATUS_SUCCESS)
        return xl_fail(picture->error, "picture_failed", _("The picture cannot be made: %s."), cairo_status_to_string(status));
    return true;
}

void picture_colour(struct picture *picture, uint32_t rgb)
{
    cairo_set_source_rgb(picture->cairo, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0);
}

void picture_box(struct picture *picture, double x, double y, double width, double height, uint32_t rgb)
{
    picture_colour(picture, rgb);
    cairo_rectangle(picture->cairo, x, y, width, height);
    cairo_fill(picture->cairo);
}

static void set_text(struct picture *picture, const struct picture_font *font, double most, const char *text)
{
    PangoFontDescription *description = pango_font_description_from_string("Sans");
    pango_font_description_set_absolute_size(description, font->size * PANGO_SCALE);
    pango_font_description_set_weight(description, font->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(picture->layout, description);
    pango_font_description_free(description);
    pango_layout_set_width(picture->layout, most > 0 ? (int)(most * PANGO_SCALE) : -1);
    pango_layout_set_ellipsize(picture->layout, most > 0 ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE);
    pango_layout_set_text(picture->layout, text, -1);
}

double picture_text_width(struct picture *picture, const struct picture_font *font, const char *text)
{
    int width, height;
    set_text(picture, font, 0, text);
    pango_layout_get_size(picture->layout, &width, &height);
    return (double)width / PANGO_SCALE;
}

double picture_text(struct picture *picture, const struct picture_font *font, double x, double y, enum picture_align align, double most,
                    const char *text)
{
    int width, height;
    set_text(picture, font, most, text);
    pango_layout_get_size(picture->layout, &width, &height);
    double wide = (double)width / PANGO_SCALE, high = (double)height / PANGO_SCALE;
    switch (align) {
    case PICTURE_LEFT:
        break;
    case PICTURE_CENTRE:
        x -= wide / 2;
        break;
    case PICTURE_RIGHT:
        x -= wide;
        break;
    }
    picture_colour(picture, font->rgb);
    cairo_move_to(picture->cairo, x, y - high / 2);
    pango_cairo_show_layout(picture->cairo, picture->layout);
    return wide;
}
