"""The page in Chromium: requests, sorting, filters, widths, print, and life without JavaScript."""

from __future__ import annotations

import csv
import io
import math
import shutil
from pathlib import Path

import pytest

from ganbench import palette
from ganbench.report import page
from report.pages import FOLDERS, committed, completed, failed, headlines, make_folder, parse

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
pytestmark = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="chromium is not installed")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
OPTIONS += ["--disable-component-update", "--disable-sync", "--no-first-run"]
PATIENCE = 120_000  # milliseconds; a busy machine needs seconds for an empty page
WIDTHS = (360, 390, 768, 901, 1024, 1100, 1180, 1280)


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=OPTIONS, timeout=PATIENCE)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Reports by name: committed folders, and one with everything that is unusual."""
    root = tmp_path_factory.mktemp("reports")
    texts = {name: committed(name)[2] for name in FOLDERS}
    store = unusual(root / "unusual")
    texts["unusual"] = page.render(store, headlines(store))
    for name, text in texts.items():
        (root / f"{name}.html").write_text(text)
    return {name: f"file://{root / name}.html" for name in texts}


def unusual(root):
    """Long names, failures, ranked and unranked rows, doubtful speeds, three backends."""
    timing = {"images_per_second": 123456.0, "marks": ["busy", "noisy"]}
    long = "+".join(f"penalty{place}[gamma=0.{place},every=16]" for place in range(8))
    pairs = [
        completed(loss, seed, value + seed / 10, backend=backend, training={"timing": timing})
        for place, loss in enumerate((f"hinge+{long}", "x" * 200, "minimax", "lsgan"))
        for backend, value in (("torch", 10.0 + place), ("tensorflow", 9.0), ("jax", 100.0))
        for seed in range(2 if place == 3 else 5)
    ]
    pairs += [failed("wgan", seed, "no memory " * 40, backend="jax") for seed in range(3)]
    pairs += [
        completed("none", seed, value, model=model, backend="numpy")
        for model, value in (("real", 0.1), ("memorizer", 5.0), ("pixel-gaussian", 40.0))
        for seed in range(5)
    ]
    return make_folder(root, *pairs)


@pytest.fixture
def opened(browser, files):
    """Open a report in a page of its own; fails on requests and on messages of the console."""
    contexts, complaints = [], []

    def open_report(name, width=1280, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("request", lambda request: _check(request.url, files[name], complaints))
        tab.goto(files[name])
        return tab

    yield open_report
    for context in contexts:
        context.close()
    assert complaints == []


def _check(url, own, complaints):
    if url != own and not url.startswith(("data:", "blob:")):
        complaints.append(f"request of {url}")


def values(tab, key):
    """Cells of a column by group, as numbers or texts."""
    return tab.evaluate(
        """key => {
          const table = document.querySelector('section.results table');
          const place = table.querySelector(`th[data-key="${key}"]`).cellIndex;
          return Object.fromEntries([...table.tBodies].map(body => [body.className,
            [...body.querySelectorAll('tr.row')].map(row => row.cells[place].dataset.v)]));
        }""",
        key,
    )


# --------------------------------------------------------------------------- one closed file


@pytest.mark.parametrize("name", [*FOLDERS, "unusual"])
def test_the_page_makes_no_request_and_no_message(opened, name):
    tab = opened(name)
    tab.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    assert tab.evaluate("[...document.images].every(image => image.complete && image.naturalWidth)")


@pytest.mark.parametrize("name", [*FOLDERS, "unusual"])
def test_the_page_opens_with_little_work(browser, files, name):
    """Seconds of the page's own thread: a busy machine changes the time on the clock only."""
    tab = browser.new_page()
    tab.set_default_timeout(PATIENCE)
    protocol = tab.context.new_cdp_session(tab)
    protocol.send("Performance.enable", {"timeDomain": "threadTicks"})
    tab.goto(files[name])
    metrics = protocol.send("Performance.getMetrics")["metrics"]
    spent = {item["name"]: item["value"] for item in metrics}
    assert 0 < spent["TaskDuration"] < 2
    tab.close()


def test_the_policy_of_the_page_blocks_what_it_would_load(browser, files):
    tab = browser.new_page()
    tab.set_default_timeout(PATIENCE)
    messages = []
    tab.on("console", lambda message: messages.append(message.text))
    tab.goto(files["digits-losses"])
    assert tab.evaluate("fetch('data:text/plain,x').then(() => 'loaded', () => 'blocked')") == (
        "blocked"
    )
    assert any("Content Security Policy" in message for message in messages)
    tab.close()


# --------------------------------------------------------------------------- sort and filter


def test_every_button_sorts_each_group_up_and_down(opened):
    tab = opened("unusual")
    keys = tab.eval_on_selector_all(
        ".results th[data-key]:has(button)", "heads => heads.map(head => head.dataset.key)"
    )
    assert {"gan", "backend", "primary", "speed", "n"} <= set(keys)
    before = {key: values(tab, key) for key in keys}
    for key in keys:
        head = tab.locator(f'.results th[data-key="{key}"]')
        is_number = "number" in (head.get_attribute("class") or "")
        seen = set()
        for _ in range(2):
            head.locator("button").click()
            direction = head.get_attribute("aria-sort")
            seen.add(direction)
            assert tab.locator(".results th[aria-sort]").count() == 1
            shown = values(tab, key)
            for group, cells in shown.items():
                assert sorted(cells) == sorted(before[key][group])
                known = [float(text) if is_number else text for text in cells if text != ""]
                assert known == sorted(known, reverse=direction == "descending"), (key, group)
                assert "" not in cells[: len(known)]
        assert seen == {"ascending", "descending"}


def test_numbers_are_sorted_as_numbers_and_baselines_stay_apart(opened):
    tab = opened("unusual")
    tab.locator('.results th[data-key="primary"] button').click()
    tab.locator('.results th[data-key="primary"] button').click()
    groups = list(values(tab, "gan"))
    assert groups == ["real", "ranked", "unranked", "scale"]
    assert values(tab, "gan")["real"] == ["real"]
    assert set(values(tab, "gan")["scale"]) == {"memorizer", "pixel-gaussian"}
    ranked = [float(text) for text in values(tab, "primary")["ranked"]]
    assert max(ranked) > 100 > min(ranked) and len(ranked) == 9
    assert all(math.isfinite(value) for value in ranked)


def test_filter_and_backend_buttons_hide_rows_and_tell_how_many_are_left(opened):
    tab = opened("digits-losses")
    status = tab.get_by_role("status").first

    def visible():
        return tab.locator("tr.row:visible").count()

    assert visible() == 17 and status.inner_text() == ""
    tab.get_by_label("Filter rows by name").fill("HINGE")
    assert status.inner_text() == "2 of 14 rows" and visible() == 2 + 3
    button = tab.get_by_role("button", name="torch", exact=True)
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert status.inner_text() == "1 of 14 rows" and visible() == 1 + 3
    tab.get_by_label("Filter rows by name").fill("")
    assert status.inner_text() == "7 of 14 rows"
    button.click()
    assert status.inner_text() == "" and visible() == 17


def test_groups_without_rows_lose_their_heading(opened):
    tab = opened("mixtures")
    table = tab.locator("section.results").first
    assert table.locator("tbody.unranked .heading").is_visible()
    table.get_by_role("button", name="torch", exact=True).click()
    assert not table.locator("tbody.unranked .heading").is_visible()
    assert tab.locator("section.results").last.locator("tbody.unranked .heading").is_visible()


def test_the_csv_has_the_values_of_the_table(opened):
    tab = opened("digits-losses")
    with tab.expect_download() as started:
        tab.locator(".csv").click()
    assert started.value.suggested_filename == "digits.csv"
    lines = list(csv.DictReader(io.StringIO(Path(started.value.path()).read_text())))
    (_, (headline,), _) = committed("digits-losses")
    for row in headline.rows:
        backend, model, loss = row.source.key
        (line,) = [
            line
            for line in lines
            if (line["backend"], line["model"], line["loss"]) == (backend, model, loss)
            and line["metric"] == headline.primary.name
        ]
        assert float(line["value"]) == pytest.approx(row.summary.median, rel=1e-5)
        assert line["mark"] == (row.mark or "") and line["direction"] == "lower"
        assert line["n"] == str(len(row.source.row.completed))


def test_the_other_axis_of_the_curves_is_one_click_away(opened):
    tab = opened("digits-losses")
    assert tab.locator(".panels:visible").count() == 1
    tab.get_by_role("button", name="by seconds of training").click()
    assert tab.locator(".panels:visible").get_attribute("data-axis") == "seconds"
    pressed = tab.get_by_role("button", name="by images shown").get_attribute("aria-pressed")
    assert pressed == "false"


# --------------------------------------------------------------------------- widths and themes


@pytest.mark.parametrize("name", [*FOLDERS, "unusual"])
def test_the_page_never_scrolls_sideways(opened, name):
    tab = opened(name)
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        for box in tab.locator(".results table").all():
            assert box.bounding_box()["width"] <= width
        cut = tab.evaluate(
            """() => [...document.querySelectorAll('.results .value, .results .spread .text')]
              .filter(item => item.offsetParent && (item.getBoundingClientRect().right > innerWidth
                || item.scrollWidth > item.clientWidth + 1 && item.clientWidth)).length"""
        )
        assert cut == 0, width


def test_columns_do_not_overlap(opened):
    for name in ("digits-losses", "unusual"):
        tab = opened(name)
        for width in (901, 1024, 1280):
            tab.set_viewport_size({"width": width, "height": 900})
            overlaps = tab.evaluate(
                """() => [...document.querySelectorAll('tr.row')].filter(row => {
                  const cells = [...row.cells].filter(cell => cell.offsetParent);
                  return cells.some(cell => [...cell.children].some(item =>
                    item.getBoundingClientRect().right > cell.getBoundingClientRect().right + 1));
                }).length"""
            )
            assert overlaps == 0, (name, width)


def test_a_phone_shows_cards_that_can_be_sorted(opened):
    tab = opened("unusual", width=390)
    assert not tab.locator(".results thead").is_visible()
    select = tab.get_by_label("Sort by")
    select.select_option("primary descending")
    ranked = [float(text) for text in values(tab, "primary")["ranked"]]
    assert ranked == sorted(ranked, reverse=True)
    select.select_option("")
    tree = parse(Path(tab.url.removeprefix("file://")).read_text())
    order = [row.attributes["data-name"] for row in tree.all("tr", "row")]
    shown = tab.eval_on_selector_all("tr.row", "rows => rows.map(row => row.dataset.name)")
    assert shown == order
    for button in tab.locator("button:visible").all():
        assert button.bounding_box()["height"] >= 40


def test_light_and_dark_are_the_system_s_or_the_button_s(opened):
    for scheme, colors, other in (
        ("light", palette.LIGHT, palette.DARK),
        ("dark", palette.DARK, palette.LIGHT),
    ):
        tab = opened("unusual", color_scheme=scheme)
        assert background(tab) == colors["bg"]
        tab.get_by_role("button", name="Light / dark").click()
        assert background(tab) == other["bg"]
        tab.get_by_role("button", name="Light / dark").click()
        assert background(tab) == colors["bg"]
        assert tab.evaluate("Object.keys(localStorage).length + document.cookie.length") == 0


def background(tab):
    text = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    red, green, blue = (int(part) for part in text.strip("rgb()").split(","))
    return f"#{red:02x}{green:02x}{blue:02x}"


def test_the_keyboard_reaches_the_results_first(opened):
    tab = opened("digits-losses")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Skip to the results"
    assert tab.locator(".skip").bounding_box()["x"] >= 0
    tab.keyboard.press("Enter")
    assert tab.evaluate("location.hash") == "#main"


# --------------------------------------------------------------------------- print, no JavaScript


@pytest.mark.parametrize("name", ["digits-losses", "unusual"])
def test_no_column_is_cut_in_print(opened, name):
    tab = opened(name, color_scheme="dark")
    content = tab.pdf(prefer_css_page_size=True)
    assert content.startswith(b"%PDF") and len(content) > 10_000
    width = round((297 - 24) / 25.4 * 96)  # of A4 landscape between its margins
    tab.emulate_media(media="print")
    tab.set_viewport_size({"width": width, "height": 700})
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert background(tab) == palette.LIGHT["bg"]
    assert not tab.locator(
        ".controls button:visible, .copy:visible, input:visible, select:visible, nav:visible"
    ).count()
    for column in ("gan", "primary", "speed"):
        for box in tab.locator(f"tr.row .{column}").all()[:3]:
            place = box.bounding_box()
            assert place["x"] >= 0 and place["x"] + place["width"] <= width
    heads = tab.locator(".results thead th:visible").count()
    assert heads == tab.locator(".results thead th").count()


@pytest.mark.parametrize("name", ["digits-losses", "mixtures"])
def test_everything_can_be_read_without_javascript(opened, name):
    tab = opened(name, java_script_enabled=False)
    (_, own, _) = committed(name)
    assert tab.locator("tr.row:visible").count() == sum(len(headline.rows) for headline in own)
    assert tab.locator("td.strip img:visible").count() == tab.locator("td.strip img").count() > 0
    assert not tab.locator("button.csv:visible, input:visible, #theme:visible").count()
    assert tab.locator(".panels:visible").count() == tab.locator(".panels").count()
    assert tab.locator(".gallery img:visible").count() == tab.locator(".gallery img").count()
