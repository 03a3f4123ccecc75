"""The headline as the HTML of a notebook's cell."""

from ganbench.report.notebook import to_html
from report.tables import usual, won


def test_html_has_title_table_and_sentences():
    html = to_html([usual()])
    assert html.startswith('<div class="ganbench"><p><b>specks · toy · 80 images each · ')
    assert "<small>with r1[gamma=0.1]</small>" in html
    assert html.count("<tr>") == 1 + len(usual().rows) + 2  # heading, rows and two groups
    assert html.index("Best fd: a_b") > html.index("</table>")


def test_the_best_is_bold_and_reference_rows_are_dim():
    html = to_html([won()])
    assert 'font-weight:bold;white-space:nowrap">1.00</td>' in html
    assert 'text-align:right;opacity:.65;white-space:nowrap">0.10</td>' in html
    assert "<script" not in html and "http" not in html


def test_headlines_stand_below_each_other():
    assert to_html([won(), won()]).count('<div class="ganbench">') == 2
    assert to_html([]) == ""
