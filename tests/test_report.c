/* SPDX-License-Identifier: Apache-2.0 */
/* What comes into a page from outside: texts as HTML, drawings as inline SVG. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/html.h"
#include "report/svg.h"
#include "suite.h"

static char path[] = "/tmp/hcbench-html.XXXXXX";

/* What html_text writes for a text. */
static char *written(const char *text)
{
    static char content[512];
    struct html html = {.output = output_open(path)};
    ck_assert_ptr_nonnull(html.output);
    html_begin(&html, "p", "title", text, NULL);
    html_text(&html, text);
    html_end(&html);
    ck_assert(output_close(html.output, true));
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    content[fread(content, 1, sizeof content - 1, file)] = '\0';
    fclose(file);
    return content;
}

static void set_up(void)
{
    snprintf(path, sizeof path, "/tmp/hcbench-html.XXXXXX");
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void tear_down(void)
{
    unlink(path);
}

static void expect_text(const char *text, const char *html)
{
    char wanted[512];
    snprintf(wanted, sizeof wanted, "<p title=\"%s\">%s</p>\n", html, html);
    ck_assert_str_eq(written(text), wanted);
}

START_TEST(texts_are_escaped)
{
    expect_text("plain", "plain");
    expect_text("", "");
    expect_text("<b>&\"'", "&lt;b&gt;&amp;&quot;&#39;");
    expect_text("&lt;", "&amp;lt;");
    expect_text("]]>--><!--", "]]&gt;--&gt;&lt;!--");
    expect_text("25 \u00b5s \u20ac \U0001f600", "25 \u00b5s \u20ac \U0001f600");
}
END_TEST

START_TEST(bytes_that_are_no_text_are_replaced)
{
    static const char *const bad[] = {
        "\x01", "\x1b", "\x7f", "\xc2\x80", "\xff", "\xc0\xbc", "\xe0\x80\xbc", "\xed\xa0\x80",
        "\xf4\x90\x80\x80", "\xc3", "\xe2\x82"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *html = written(bad[i]);
        ck_assert_msg(strstr(html, "\xef\xbf\xbd") != NULL, "text %zu: %s", i, html);
        ck_assert_msg(strstr(html, bad[i]) == NULL, "text %zu is still there", i);
    }
    expect_text("a\xff<b", "a\xef\xbf\xbd&lt;b");
}
END_TEST

static const struct svg_color colors[] = {{0x0065a8, "var(--c1)"}, {0, NULL}};

static void expect_svg(const char *svg, const char *wanted)
{
    char *inner = svg_inline(svg, "p-", colors);
    if (wanted == NULL) {
        ck_assert_msg(inner == NULL, "accepted: %s", svg);
    } else {
        ck_assert_msg(inner != NULL, "refused: %s", svg);
        ck_assert_str_eq(inner, wanted);
    }
    free(inner);
}

START_TEST(drawings_get_colors_and_names_of_the_page)
{
    expect_svg("<?xml version=\"1.0\"?>\n<svg viewBox='0 0 1 1'>\n<g id='a' fill = 'black'>"
               "<use xlink:href='#b' color='rgb(  0, 101, 168)'/><text>x &lt; y</text></g>\n</svg>\n",
               "<g id=\"p-a\" fill=\"currentColor\"><use href=\"#p-b\" color=\"var(--c1)\"></use>"
               "<text>x &lt; y</text></g>");
    expect_svg("<svg><rect fill=\"white\" stroke=\"rgb(1,2,3)\"/></svg>",
               "<rect fill=\"var(--paper)\" stroke=\"rgb(1,2,3)\"></rect>");
    expect_svg("<svg><title>t</title><g class=\"x\" style=\"y\" onclick=\"z\"/></svg>", "<g></g>");
    expect_svg("<svg><filter><feFlood flood-color='white'/></filter></svg>", "");
}
END_TEST

START_TEST(drawings_that_are_none_are_refused)
{
    static const char *const bad[] = {
        "", "<svg>", "<svg></g></svg>", "<svg/><svg/>", "<g/>", "text", "<svg></svg>text",
        "<svg><script>alert(1)</script></svg>", "<svg><foreignObject/></svg>", "<svg><a href='#x'/></svg>",
        "<svg><image href='http://192.0.2.1/'/></svg>", "<svg><use href='http://192.0.2.1/'/></svg>",
        "<svg><style>*{}</style></svg>", "<svg><g fill='url(http://192.0.2.1/)'/></svg>",
        "<svg><![CDATA[<script>]]></svg>", "<svg><!-- --><g/></svg>", "<svg><g a=b/></svg>",
        "<svg><g fill='\"><script>'/></svg>", "<svg><g fill='x", "<svg>text</svg>", "<svg><g", "<svg><?x?></svg>",
        "<!DOCTYPE svg><svg/>", "<svg><title><script/></title></svg>", "<svg><svg onload='x'><title></svg>"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_svg(bad[i], NULL);
}
END_TEST

START_TEST(a_drawing_cannot_be_too_deep)
{
    char text[4096] = "<svg>";
    for (size_t i = 0; i < 200; i++)
        strcat(text, "<g>");
    expect_svg(text, NULL);
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("report");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, texts_are_escaped);
    tcase_add_test(tests, bytes_that_are_no_text_are_replaced);
    tcase_add_test(tests, drawings_get_colors_and_names_of_the_page);
    tcase_add_test(tests, drawings_that_are_none_are_refused);
    tcase_add_test(tests, a_drawing_cannot_be_too_deep);
    return suite_run("report", tests);
}
