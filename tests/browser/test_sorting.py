"""The sorting page in a real browser: mouse, keyboard, finger, and what comes out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import dmpkit.qmethod as qm
from dmpkit.errors import DataError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser

EVIL = (
    "<img src=x onerror=\"document.title='taken'\"></script><script>document.title='taken'</script>"
)
TEXTS = (
    "Parks should stay open at night.",
    "Dogs belong in parks.",
    EVIL,
    "Benches matter more than flowers.",
    "Parks are for children first.",
    "Cycling through parks should be allowed.",
    "A park without water is no park.",
)
GRID = [-2, -1, 0, 0, 0, 1, 2]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    qm.Instrument.load().write_page(folder / "governance.html")
    toy = qm.Instrument(
        "toy", "Our parks", tuple("abcdefg"), TEXTS, GRID,
        question="How should parks be run?", about="A toy.", hand_in="Send it to nobody.",
    )  # fmt: skip
    toy.write_page(folder / "toy.html")
    toy.write_cards(folder / "cards.html")
    toy.write_sheet(folder / "sheet.html")
    return folder


def new_page(context: BrowserContext) -> Page:
    page = context.new_page()
    page.said = []  # type: ignore[attr-defined]
    page.asked = []  # type: ignore[attr-defined]
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    return page


@pytest.fixture
def laptop(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1366, "height": 900}) as context:
        page = new_page(context)
        yield page
        assert page.said == []  # type: ignore[attr-defined]


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    with browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    ) as context:
        page = new_page(context)
        yield page
        assert page.said == []  # type: ignore[attr-defined]


def axe_clean(page: Page) -> bool:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    return True


def until(page: Page, condition: str) -> None:
    """Wait; Playwright's own waiting evaluates text in the page, which the page forbids."""
    for _ in range(100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(20)
    pytest.fail(f"{condition} did not come true; said: {page.locator('#live').inner_text()!r}")


def live(page: Page) -> str:
    until(page, "document.getElementById('live').textContent !== ''")
    return page.locator("#live").inner_text()


def at_rest(page: Page) -> None:
    """Wait until nothing has scrolled for a fifth of a second."""
    where = "[scrollX, scrollY, document.getElementById('hand').scrollLeft].join()"
    before, still = "", 0
    for _ in range(100):
        now = page.evaluate(where)
        before, still = now, still + 1 if now == before else 0
        if still == 5:
            return
        page.wait_for_timeout(40)
    pytest.fail(f"still scrolling: {before}")


def active(page: Page, name: str) -> str | None:
    found: str | None = page.evaluate(f"document.activeElement.dataset.{name} ?? null")
    return found


def pile_all(page: Page, keys: str = "321") -> None:
    """Into the piles by the keyboard: 1 disagree, 2 unsure, 3 agree, in turn."""
    arrows = {"1": "ArrowLeft", "2": "ArrowDown", "3": "ArrowRight"}
    page.click("#begin")
    n = int(page.locator("#piles-count").inner_text().split()[-1])
    for k in range(n):
        page.keyboard.press(arrows[keys[k % len(keys)]])
    until(page, "document.activeElement.id === 'to-grid'")


def saved(page: Page, folder: Path) -> Path:
    with page.expect_download() as download:
        page.click("#download")
    target = folder / download.value.suggested_filename
    download.value.save_as(target)
    return target


def drag(page: Page, source: Any, target: Any) -> None:
    source.scroll_into_view_if_needed()
    a, b = source.bounding_box(), target.bounding_box()
    page.mouse.move(a["x"] + a["width"] / 2, a["y"] + a["height"] / 2)
    page.mouse.down()
    page.mouse.move(b["x"] + b["width"] / 2, b["y"] + 30, steps=4)
    page.mouse.up()


# -- the whole way ------------------------------------------------------------------------


def test_a_whole_sort_by_the_keyboard_alone(laptop: Page, pages: Path, tmp_path: Path) -> None:
    """44 statements, nothing but keys; what is announced is what happens."""
    page = laptop
    page.goto((pages / "governance.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(12):
        if page.evaluate("document.activeElement.id") == "begin":
            break
        page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "piles-title"
    for k in range(44):
        page.keyboard.press(("ArrowRight", "ArrowLeft", "ArrowDown")[k % 3])
        if k == 1:
            assert live(page).startswith("Disagree. Card 3 of 44: ")
            page.keyboard.press("Backspace")
            until(page, "document.getElementById('live').textContent.startsWith('Taken back')")
            page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "grid-title"
    while active(page, "key") is None or not active(page, "key").startswith("hand:"):
        page.keyboard.press("Tab")
    for k in range(44):
        page.keyboard.press("Enter")
        assert active(page, "slot"), "after picking, a free place has the focus"
        if k == 0:
            assert live(page).startswith("Picked: ")
            assert active(page, "slot").startswith("8:")  # an agreed card: the right end
            page.keyboard.press("ArrowLeft")
            assert active(page, "slot") == "7:0"
            page.keyboard.press("ArrowDown")
            assert active(page, "slot") == "7:1"
        page.keyboard.press("Enter")
        if k == 0:
            until(
                page, "document.getElementById('live').textContent.startsWith('Put into column +3')"
            )
            assert "43 cards are left" in live(page)
    assert page.evaluate("document.activeElement.id") == "to-comments"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Since it is so.")
    for _ in range(20):
        if page.evaluate("document.activeElement.dataset.go") == "save":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    one = qm.read_sort_file(saved(page, tmp_path))
    assert len(one.values) == 44
    assert list(one.comments.values()) == ["Since it is so."]
    assert dict(zip(one.statements, one.values, strict=True))[next(iter(one.comments))] == 4
    assert one.participant.startswith("P-")
    assert list(one.piles.values()).count("agree") == 15
    assert one.texts == qm.Instrument.load().texts
    assert page.asked == [(pages / "governance.html").as_uri()]  # type: ignore[attr-defined]


def test_a_whole_sort_by_dragging(laptop: Page, pages: Path, tmp_path: Path) -> None:
    page = laptop
    page.goto((pages / "toy.html").as_uri())
    page.fill("#participant", "P 7/ä")
    page.click("#begin")
    order = []
    for k in range(7):
        order.append(page.locator("#deck").inner_text())
        pile = ("agree", "disagree", "neutral")[k % 3]
        drag(page, page.locator("#deck"), page.locator(f".pilebar [data-pile={pile}]"))
    assert set(order) == set(TEXTS)
    page.click("#to-grid")
    drag(page, page.locator("#hand .handcard").first, page.locator("[data-column='4'] [data-slot]"))
    assert page.locator("[data-slot='4:0']").inner_text() == order[0]
    drag(page, page.locator("#hand .handcard").first, page.locator("[data-slot='2:1']"))
    drag(page, page.locator("#hand .handcard").first, page.locator("[data-slot='3:0']"))
    page.click("[data-key='tab:disagree']")
    drag(page, page.locator("#hand .handcard").first, page.locator("[data-slot='0:0']"))
    # onto a card: it goes back to the hand; within the grid: the two change places
    drag(page, page.locator("#hand .handcard").first, page.locator("[data-slot='0:0']"))
    assert "back in hand" in live(page)
    drag(page, page.locator("[data-slot='0:0']"), page.locator("[data-slot='4:0']"))
    assert page.locator("[data-slot='0:0']").inner_text() == order[0]
    drag(page, page.locator("[data-slot='4:0']"), page.locator("#tray"))
    assert page.locator("[data-slot='4:0'].free").count() == 1
    assert page.locator("#to-comments").is_disabled()
    while page.locator("#grid-count").inner_text()[:1] != "A":
        if not page.locator("#hand .handcard").count():
            page.locator("#tabs button:not([aria-pressed=true])").first.click()
            continue
        free = page.locator("[data-slot].free").first
        drag(page, page.locator("#hand .handcard").first, free)
    page.click("#to-comments")
    page.click("#comments [data-go=save]")
    file = saved(page, tmp_path)
    assert file.name == "toy-P-7-a.json"
    one = qm.read_sort_file(file)
    assert one.participant == "P 7/ä"
    assert sorted(one.values) == GRID
    assert one.order == tuple("abcdefg"[TEXTS.index(text)] for text in order)
    by_text = dict(zip(one.texts, one.values, strict=True))
    assert by_text[order[0]] == -2
    assert page.title() == "Our parks"


def test_a_whole_sort_with_a_finger(phone: Page, pages: Path, tmp_path: Path) -> None:
    page = phone
    page.goto((pages / "toy.html").as_uri())
    page.tap("#begin")
    for k in range(7):
        page.tap(f".pilebar [data-pile={('agree', 'neutral', 'disagree')[k % 3]}]")
    page.tap("#to-grid")
    assert page.locator("body.narrow").count() == 1
    assert page.locator("[data-column]").first.get_attribute("data-column") == "4"
    for c in (4, 3, 2, 0, 1, 2, 2):
        page.locator("#hand .handcard").first.tap()
        page.tap(f"#bar [data-key='bar:{c}']")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # change two cards by tapping: pick one in the grid, then the other
    first = page.locator("[data-slot='4:0']").inner_text()
    page.locator("[data-slot='4:0']").tap()
    page.locator("[data-slot='0:0']").tap()
    assert page.locator("[data-slot='0:0']").inner_text() == first
    page.tap("#to-comments")
    page.locator("#comment-fields textarea").first.fill("why")
    page.tap("#comments [data-go=save]")
    one = qm.read_sort_file(saved(page, tmp_path))
    assert dict(zip(one.texts, one.values, strict=True))[first] == -2
    assert list(one.comments.values()) == ["why"]


def test_a_long_press_drags_and_a_short_one_scrolls(phone: Page, pages: Path) -> None:
    page = phone
    page.goto((pages / "toy.html").as_uri())
    pile_all(page, "3")
    page.keyboard.press("Enter")
    card = page.locator("#hand .handcard").first
    text = card.inner_text()
    touch = page.context.new_cdp_session(page)

    def send(kind: str, x: float, y: float) -> None:
        points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def stroke(wait: int) -> None:
        a, b = card.bounding_box(), page.locator("[data-slot='4:0']").bounding_box()
        send("touchStart", a["x"] + 50, a["y"] + 20)
        page.wait_for_timeout(wait)
        for part in (0.3, 0.7, 1):
            x = a["x"] + 50 + part * (b["x"] + 20 - a["x"] - 50)
            send("touchMove", x, a["y"] + 20 + part * (b["y"] + 20 - a["y"] - 20))
            page.wait_for_timeout(30)
        send("touchEnd", 0, 0)
        page.wait_for_timeout(60)

    stroke(20)
    assert page.locator("[data-slot].filled").count() == 0
    at_rest(page)  # whoever presses while the page still glides stops it, and no card moves
    page.evaluate("window.scrollTo(0, 0)")
    stroke(400)
    assert page.locator("[data-slot='4:0']").inner_text() == text


# -- accessible, quiet, safe ----------------------------------------------------------------


@pytest.mark.parametrize("device", ["laptop", "phone"])
def test_every_step_is_accessible(device: str, request: pytest.FixtureRequest, pages: Path) -> None:
    page: Page = request.getfixturevalue(device)
    page.goto((pages / "toy.html").as_uri())
    assert axe_clean(page)
    page.click("#begin")
    assert axe_clean(page)
    page.click("#piles [data-go=start]")
    pile_all(page)
    page.click("#to-grid")
    page.locator("#hand .handcard").first.click()
    assert axe_clean(page)
    page.click("#bar [data-key='bar:4']")
    for c in (3, 2, 2, 2, 1, 0):
        page.locator("#hand .handcard").first.click()
        page.click(f"#bar [data-key='bar:{c}']")
    assert axe_clean(page)
    page.click("#to-comments")
    assert axe_clean(page)
    page.click("#comments [data-go=save]")
    assert axe_clean(page)


def test_text_grows_to_twice_its_size_and_stays_in_the_page(phone: Page, pages: Path) -> None:
    page = phone
    page.goto((pages / "governance.html").as_uri())
    before = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    while page.locator("#larger").is_enabled():
        page.click("#larger")
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") == 2 * before
    assert "200 per cent" in live(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    pile_all(page, "3")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("Enter")
    for c in (8, 7):  # the cards in hand stay within reach
        page.locator("#hand .handcard").first.tap()
        page.tap(f"#bar [data-key='bar:{c}']")
    assert page.locator("[data-slot].filled").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.reload()
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") == 2 * before


def test_no_focused_place_is_hidden_behind_the_cards_in_hand(phone: Page, pages: Path) -> None:
    page = phone
    page.goto((pages / "governance.html").as_uri())
    pile_all(page, "3")
    page.keyboard.press("Enter")
    page.locator("#hand .handcard").first.focus()
    page.keyboard.press("Enter")
    for _ in range(30):
        page.keyboard.press("ArrowDown")
        box = page.evaluate("document.activeElement.getBoundingClientRect().toJSON()")
        tray = page.evaluate("document.getElementById('tray').getBoundingClientRect().top")
        assert box["top"] >= 0
        assert box["bottom"] <= tray + 1
    assert active(page, "slot").startswith("2:") or active(page, "slot") < "2"


@pytest.mark.parametrize(
    ("width", "side_by_side"),
    [
        *[(width, True) for width in (1920, 1366, 1280, 1100, 1084)],
        *[(width, False) for width in (1083, 1024, 768, 390)],
    ],
)
def test_every_column_is_in_view(laptop: Page, pages: Path, width: int, side_by_side: bool) -> None:
    """Nine columns beside the hand where they fit, else one below the other; none is cut off."""
    page = laptop
    page.set_viewport_size({"width": width, "height": 800})
    page.goto((pages / "governance.html").as_uri())
    pile_all(page)
    page.keyboard.press("Enter")
    for where in ("8:0", "0:0"):  # a card in each of the two ends
        page.locator("#hand .handcard").first.click()
        page.locator(f"#bar [data-key='bar:{where[0]}']").click()
    boxes = [box.bounding_box() for box in page.locator("[data-column]").all()]
    assert len(boxes) == 9
    for box in boxes:
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") == width
    board = page.evaluate("(b => [b.scrollWidth, b.clientWidth])(document.getElementById('board'))")
    assert board[0] == board[1]
    assert (len({round(box["y"]) for box in boxes}) == 1) is side_by_side
    bar = [button.bounding_box()["y"] for button in page.locator("#bar button").all()]
    assert len(set(bar)) == 1


def test_arrows_escape_and_delete_in_the_grid(laptop: Page, pages: Path) -> None:
    page = laptop
    page.goto((pages / "toy.html").as_uri())
    pile_all(page, "3")
    page.keyboard.press("Enter")
    cards = page.locator("#hand .handcard")
    cards.first.focus()
    page.keyboard.press("ArrowDown")
    second = cards.nth(1).inner_text()
    assert page.evaluate("document.activeElement.textContent") == second
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == second
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.locator("[data-slot='4:0']").inner_text() == second
    page.locator("[data-slot='4:0']").focus()
    page.keyboard.press("Delete")
    assert page.locator("[data-slot].filled").count() == 0
    assert active(page, "slot") == "4:0"
    page.keyboard.press("Enter")
    until(page, "document.getElementById('live').textContent === 'Pick a card first.'")
    # one tab stop for the hand, one for the grid
    assert page.locator("#hand [tabindex='0']").count() == 1
    assert page.locator("#board [tabindex='0']").count() == 1


def test_a_full_column_says_so(laptop: Page, pages: Path) -> None:
    page = laptop
    page.goto((pages / "toy.html").as_uri())
    pile_all(page, "3")
    page.keyboard.press("Enter")
    for _ in range(2):
        page.locator("#hand .handcard").first.click()
        page.click("#bar [data-key='bar:4']", force=True)
    assert "Column +2 is full" in live(page)
    assert page.locator("[data-slot].filled").count() == 1


def test_nothing_is_loaded_and_no_text_runs(laptop: Page, pages: Path) -> None:
    page = laptop
    address = (pages / "toy.html").as_uri()
    page.goto(address)
    pile_all(page, "1")
    page.keyboard.press("Enter")
    assert page.locator("#hand .handcard", has_text="onerror").inner_text() == EVIL
    assert page.title() == "Our parks"
    assert page.locator("img").count() == 0
    assert page.asked == [address]  # type: ignore[attr-defined]


# -- keeping -------------------------------------------------------------------------------


def test_work_is_kept_and_can_be_removed(laptop: Page, pages: Path) -> None:
    page = laptop
    page.goto((pages / "toy.html").as_uri())
    assert "kept in this browser" in page.locator("#start .storage").inner_text()
    pile_all(page)
    page.keyboard.press("Enter")
    page.locator("#hand .handcard").first.click()
    page.click("[data-slot='2:2']")
    text = page.locator("[data-slot='2:2']").inner_text()
    code = page.locator("#participant").input_value()
    page.reload()
    assert page.locator("#begin").inner_text() == "Go on where you stopped"
    page.click("#begin")
    assert page.locator("[data-slot='2:2']").inner_text() == text
    assert page.locator("#participant").input_value() == code
    page.goto((pages / "governance.html").as_uri())  # another instrument has a place of its own
    assert page.locator("#begin").inner_text() == "Begin"
    page.goto((pages / "toy.html").as_uri())
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.click("#anew")
    assert page.locator("#begin").inner_text() == "Go on where you stopped"
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#anew")
    assert page.locator("#begin").inner_text() == "Begin"
    assert page.evaluate("Object.keys(localStorage).filter((k) => k.includes('toy')).length") == 0


@pytest.mark.parametrize("junk", ["{", "[]", '{"format":"dmpkit-sort","version":1}', "null"])
def test_what_was_kept_and_cannot_be_read_does_no_harm(
    laptop: Page, pages: Path, junk: str
) -> None:
    page = laptop
    page.goto((pages / "toy.html").as_uri())
    key = (
        f"dmpkit-sort:toy:{json.loads(page.locator('#study').text_content() or '')['fingerprint']}"
    )
    page.evaluate("([key, junk]) => localStorage.setItem(key, junk)", [key, junk])
    page.reload()
    assert page.locator("#begin").inner_text() == "Begin"


def test_a_browser_that_keeps_nothing_is_told_of(laptop: Page, pages: Path) -> None:
    page = laptop
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } })"
    )
    page.goto((pages / "toy.html").as_uri())
    said = page.locator("#start .storage").inner_text()
    assert said.startswith("This browser does not let the page keep your work.")
    pile_all(page)
    page.keyboard.press("Enter")
    with page.expect_download() as download:
        page.click("#save-part")
    assert download.value.suggested_filename.endswith("-unfinished.json")


def test_unfinished_work_is_saved_opened_and_not_taken_for_a_sort(
    laptop: Page, browser: Browser, pages: Path, tmp_path: Path
) -> None:
    page = laptop
    page.goto((pages / "toy.html").as_uri())
    pile_all(page)
    page.keyboard.press("Enter")
    page.locator("#hand .handcard").first.click()
    page.click("[data-slot='4:0']")
    text = page.locator("[data-slot='4:0']").inner_text()
    with page.expect_download() as download:
        page.click("#save-part")
    file = tmp_path / "part.json"
    download.value.save_as(file)
    with pytest.raises(DataError, match="not finished: 6 of 7"):
        qm.read_sort_file(file)
    with browser.new_context() as context:
        other = new_page(context)
        other.goto((pages / "toy.html").as_uri())
        wrong = tmp_path / "wrong.json"
        wrong.write_text(file.read_text().replace('"study": "toy"', '"study": "else"'))
        other.set_input_files("#open", wrong)
        until(other, "document.getElementById('open-problem').textContent !== ''")
        other.set_input_files("#open", file)
        other.wait_for_selector("#grid:not([hidden])")
        assert other.locator("[data-slot='4:0']").inner_text() == text


def test_a_translated_page_speaks_the_other_language(
    laptop: Page, pages: Path, tmp_path: Path
) -> None:
    """Whoever edits the block of texts in the file needs no program."""
    page = laptop
    document = (pages / "toy.html").read_text(encoding="utf-8")
    for old, new in (
        ('"lang": "en"', '"lang": "ar"'),
        ('"dir": "ltr"', '"dir": "rtl"'),
        ('"begin": "Begin"', '"begin": "ابدأ"'),
        ('"b": "Dogs belong in parks."', '"b": "Hunde gehören in Parks."'),
    ):
        assert document.count(old) == 1
        document = document.replace(old, new)
    file = tmp_path / "toy-ar.html"
    file.write_text(document, encoding="utf-8")
    page.goto(file.as_uri())
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert page.locator("html").get_attribute("lang") == "ar"
    assert page.locator("#begin").inner_text() == "ابدأ"
    pile_all(page, "3")
    page.keyboard.press("Enter")
    assert page.locator("#hand", has_text="Hunde gehören in Parks.").count() == 1
    page.locator("#hand .handcard").first.focus()
    page.keyboard.press("Enter")
    assert active(page, "slot") == "4:0"
    page.keyboard.press("ArrowRight")  # the lower column stands to the right here
    assert active(page, "slot") == "3:0"
    assert axe_clean(page)


# -- two people, one analysis; paper ----------------------------------------------------------


def test_files_of_several_people_are_read_as_sorts(
    browser: Browser, pages: Path, tmp_path: Path
) -> None:
    for k in range(2):
        with browser.new_context() as context:
            page = new_page(context)
            page.goto((pages / "toy.html").as_uri())
            pile_all(page, "132"[k:] + "132"[:k])
            page.keyboard.press("Enter")
            for c in (4, 3, 2, 2, 2, 1, 0):
                page.locator("#hand .handcard").first.click()
                page.click(f"#bar [data-key='bar:{c}']")
            page.click("#to-comments")
            page.click("#comments [data-go=save]")
            page.fill("#participant-again", f"P{k}")
            saved(page, tmp_path)
    sorts = qm.read_sorts(tmp_path)
    assert sorts.sorts == ("P0", "P1")
    assert sorts.forced
    assert sorts.texts == TEXTS


@pytest.mark.parametrize("name", ["cards", "sheet"])
def test_paper_is_accessible_and_prints(laptop: Page, pages: Path, name: str) -> None:
    page = laptop
    page.goto((pages / f"{name}.html").as_uri())
    assert axe_clean(page)
    assert page.title().startswith("Our parks")
    assert page.pdf()[:5] == b"%PDF-"
