# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The report as a page, used in Chromium as a person uses it: with the keyboard and the mouse."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

import reports
from torch2ms import report_page
from torch2ms.importing import Import
from torch2ms.python_file import Change
from torch2ms.report import Skipped, TreeResult
from torch2ms.rewrite import Finding

CHROMIUM, CHROMEDRIVER = (
    Path(os.environ[name]).absolute() for name in ("MINDFORGE_CHROMIUM", "MINDFORGE_CHROMEDRIVER")
)
_FLAGS = [
    "--headless",
    "--no-sandbox",  # Tests may run as root, and in a sandbox of Bazel's.
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
]
# The picture would come from the folder of the page.
_ADD_A_PICTURE = """
const done = arguments[0];
addEventListener('securitypolicyviolation', (event) => done(event.effectiveDirective));
document.body.append(Object.assign(document.createElement('img'), {src: 'picture.png'}));
"""


class Report:
    """A report in the browser."""

    def __init__(self, driver: webdriver.Chrome, page: Path) -> None:
        self.driver = driver
        self.page = page

    def open(self, result: TreeResult, state: str = "") -> None:
        """Write the page of a result and load it; `state` is what follows the `#`."""
        self.page.write_bytes(report_page.page(result))
        self.load(f"{self.page.as_uri()}#{state}")

    def load(self, address: str) -> None:
        """Load the page anew: another state alone would not."""
        self.driver.get("about:blank")
        self.driver.get(address)

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements that can be seen."""
        found = self.driver.find_elements(By.CSS_SELECTOR, selector)
        return [element.text for element in found if element.is_displayed()]

    def files(self) -> list[str]:
        """The paths in the list, in order."""
        return self.texts("#rows .open")

    def count(self) -> str:
        return self.find("#count").text

    def type(self, text: str) -> None:
        """Replace what is searched for."""
        self.find("#search").send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.BACKSPACE, text)

    def press(self, key: str) -> None:
        """Press a key wherever the focus is."""
        self.driver.switch_to.active_element.send_keys(key)

    def click(self, selector: str) -> None:
        self.find(selector).click()

    def click_file(self, path: str) -> None:
        self.click(f'#rows [data-path="{path}"] .open')

    def choose(self, name: str, value: str) -> None:
        Select(self.find(f"#{name}")).select_by_value(value)

    def complaints(self) -> list[str]:
        """What the browser has to say about the page since it was asked last."""
        messages = [entry["message"] for entry in self.driver.get_log("browser")]
        return [text for text in messages if text.startswith(self.page.as_uri())]


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in [*_FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(flag)
    browser = webdriver.Chrome(options, Service(str(CHROMEDRIVER)))
    yield browser
    browser.quit()


@pytest.fixture
def report(driver, tmp_path) -> Iterator[Report]:
    shown = Report(driver, tmp_path / "report.html")
    yield shown
    assert shown.complaints() == []


@pytest.fixture
def sample(report, tmp_path) -> Report:
    report.open(reports.sample(tmp_path / "sample"))
    return report


def test_the_numbers_are_on_top_with_what_they_mean(sample) -> None:
    assert sample.driver.title == "sample 1.2 \u2013 torch2ms report"
    assert sample.texts("#about") == [
        f"sample 1.2 \u00b7 target adapter \u00b7 torch2ms {report_page.__version__}"
    ]
    assert sample.texts("#verdict") == [
        "8 files, 4 changed. 3 files need attention. 1 file could not be parsed."
    ]
    assert sample.texts("#numbers dt") == ["found", "resolved", "converted", "compile", "launches"]
    assert sample.texts("#number-resolved dd")[1:] == [
        "77.7 % of 9",
        "It is certain which torch name is meant.",
    ]
    assert sample.texts("#number-launches_converted .value") == ["2"]


def test_modules_that_do_not_import_are_told_with_the_reason(report, tmp_path) -> None:
    result = reports.sample(tmp_path / "sample")
    missing = "ModuleNotFoundError: No module named 'regex'"
    result.imports = {
        "pkg/layers.py": Import("pkg.layers", None, None),
        "pkg/model.py": Import("pkg.model", missing, "regex"),
    }
    report.open(result)
    assert report.texts("#number-import dd") == [
        "1",
        "50 % of 2",
        "Changed modules that the interpreter of --import-with imports."
        " Lacking a package that is neither torch nor the tree's: 1.",
    ]
    report.choose("kind", "does not import")
    assert report.files() == ["pkg/model.py"]
    report.click_file("pkg/model.py")
    assert report.texts(".notice") == [f"Does not import: {missing}"]


def test_files_that_need_attention_come_first(sample) -> None:
    assert sample.files() == [
        "pkg/code.py",
        "pkg/computed.py",
        "run.sh",
        "pkg/old.py",
        "data",
        "pkg/layers.py",
        "pkg/model.py",
        "requirements.txt",
        "pkg/__init__.py",
    ]
    assert sample.count() == "9 files"


def test_a_column_sorts_by_itself(sample) -> None:
    sample.click('#columns [data-sort="file"] button')
    assert sample.files() == sorted(sample.files())
    sample.click('#columns [data-sort="edits"] button')
    assert sample.files()[0] == "run.sh"
    assert sample.find('#columns [data-sort="edits"]').get_attribute("aria-sort") == "descending"


def test_the_search_field_finds_paths(sample) -> None:
    sample.type("LAYERS")
    assert sample.files() == ["pkg/layers.py"]
    assert sample.count() == "1 of 9 files"
    sample.type("")
    assert sample.count() == "9 files"


def test_the_search_field_finds_changed_lines_and_shows_only_these(sample) -> None:
    sample.type("functional as f")
    assert sample.files() == ["pkg/model.py"]
    sample.click_file("pkg/model.py")
    assert sample.texts(".edit .line") == ["2"]
    assert sample.texts("mark") == ["functional as F", "functional as F"]
    sample.click(".detail button.more")
    assert sample.texts(".edit .line") == ["1", "2", "9", "4", "5"]


def test_the_search_field_finds_findings(sample) -> None:
    sample.type("cuda kernels")
    assert sample.files() == ["pkg/layers.py", "pkg/model.py"]


def test_a_search_without_a_hit_says_so_and_can_be_cleared(sample) -> None:
    sample.type("nowhere")
    assert sample.files() == []
    assert sample.find("#none").is_displayed()
    sample.click("#clear-none")
    assert len(sample.files()) == 9
    assert sample.driver.switch_to.active_element == sample.find("#search")


def test_files_are_filtered_by_status(sample) -> None:
    sample.click('#statuses [data-status="unparsable"]')
    assert sample.files() == ["pkg/old.py"]
    sample.click('#statuses [data-status="unchanged"]')
    assert sample.files() == ["pkg/old.py", "pkg/__init__.py"]
    sample.click('#statuses [data-status="unparsable"]')
    assert sample.files() == ["pkg/__init__.py"]
    assert sample.find('[data-status="unchanged"]').get_attribute("aria-pressed") == "true"
    sample.click("#clear")
    assert len(sample.files()) == 9


def test_files_are_filtered_by_finding(sample) -> None:
    sample.choose("kind", "unconverted")
    assert sample.files() == ["pkg/computed.py"]


def test_files_are_filtered_by_package(sample) -> None:
    offered = [option.text for option in Select(sample.find("#package")).options]
    assert offered == ["all files", "apex (1)", "torch (5)", "transformer_engine (1)"]
    sample.choose("package", "apex")
    assert sample.files() == ["pkg/model.py"]
    sample.choose("package", "torch")
    assert "pkg/__init__.py" not in sample.files()
    sample.click('#statuses [data-status="attention"]')
    assert sample.files() == ["pkg/computed.py", "run.sh"]


def test_packages_that_are_left_lead_to_their_files(sample) -> None:
    sample.click("#more summary")
    assert sample.texts("#more .left td")[:2] == ["apex", "1"]
    sample.click("#more .left a")
    assert sample.files() == ["pkg/model.py"]


def test_a_file_opens_with_its_edits_and_why_they_were_made(sample) -> None:
    sample.click_file("pkg/layers.py")
    assert sample.texts(".detail h3")[0].split("\n")[0].startswith("import")
    assert "the names keep their meaning" in sample.texts(".detail .reason")[0]
    assert sample.texts(".edit .line") == ["1"]
    assert sample.texts(".edit .old") == ["before: \nfrom torch import nn"]
    assert sample.texts(".edit .new") == ["after: \nfrom mstorch import nn"]
    assert (sample.texts(".edit del"), sample.texts(".edit ins")) == (["torch"], ["mstorch"])
    sample.click_file("pkg/layers.py")
    assert sample.texts(".detail") == []


def test_a_file_opens_with_its_findings(sample) -> None:
    sample.click_file("pkg/computed.py")
    assert sample.texts(".findings td") == [
        "unconverted",
        "'torch'",
        "the string is not written in one piece",
        "2",
    ]
    sample.click_file("pkg/old.py")
    assert "line 2" in sample.texts(".notice")[0]


def test_findings_that_differ_by_their_line_share_a_row(report) -> None:
    left = [Finding(line, "left", "apex", "CUDA") for line in (3, 5)]
    report.open(reports.result([reports.file("a.py", findings=left)]), "file=a.py")
    assert report.texts(".findings td") == ["left", "apex", "CUDA", "3 5"]


def test_a_recipe_is_shown_with_its_reason(report) -> None:
    applied = reports.recipe("a.py", "stay", "x = f()\ny = 1", "pass", "there is no other device")
    report.open(reports.result([reports.file("a.py", applied=[applied])]))
    report.click("#more summary")
    report.click("#more .recipes a")
    assert report.texts(".detail .reason") == ["there is no other device"]
    assert report.texts(".detail .old") == ["x = f()", "y = 1"]
    assert report.texts(".detail .new") == ["pass"]
    assert "line 7" in report.texts(".detail .group")[0]


def test_the_keyboard_is_enough(sample) -> None:
    sample.press("/")
    assert sample.driver.switch_to.active_element == sample.find("#search")
    sample.press("pkg/")
    sample.press(Keys.ARROW_DOWN)
    sample.press(Keys.ARROW_DOWN)
    sample.press(Keys.ENTER)
    opened = sample.driver.switch_to.active_element
    assert opened.text == "pkg/computed.py"
    assert opened.get_attribute("aria-expanded") == "true"
    assert sample.find(".detail .findings").is_displayed()
    sample.press(Keys.ARROW_UP)
    assert sample.driver.switch_to.active_element.text == "pkg/code.py"


def test_every_control_has_a_name(sample) -> None:
    sample.click_file("pkg/model.py")
    controls = sample.driver.find_elements(By.CSS_SELECTOR, "input, select, button, a, summary")
    assert [
        c.get_attribute("outerHTML") for c in controls if c.is_displayed() and not c.accessible_name
    ] == []
    assert sample.find("#search").accessible_name.startswith("Search in paths")
    assert sample.find("#package").accessible_name == "Package"


def test_the_address_keeps_what_is_shown(sample) -> None:
    sample.type("torch")
    sample.click('#statuses [data-status="converted"]')
    sample.choose("package", "torch")
    sample.click('#columns [data-sort="findings"] button')
    sample.click_file("pkg/model.py")
    shown = (sample.files(), sample.count(), sample.texts(".detail"))
    address = sample.driver.current_url
    sample.load(address)
    assert (sample.files(), sample.count(), sample.texts(".detail")) == shown
    assert sample.find("#search").get_attribute("value") == "torch"


def test_a_line_has_an_address_of_its_own(sample) -> None:
    sample.click_file("pkg/model.py")
    sample.click('.edit a[aria-label="line 9"]')
    sample.load(sample.driver.current_url)
    assert sample.texts(".edit .target") == ["9"]
    assert sample.driver.switch_to.active_element.text == "pkg/model.py"
    sample.choose("package", "torch")
    assert sample.driver.current_url.endswith("#package=torch&file=pkg%2Fmodel.py&line=9")


def test_nothing_but_the_page_is_loaded_and_nothing_else_could_be(sample) -> None:
    loaded = "return performance.getEntriesByType('resource').map((entry) => entry.name)"
    assert sample.driver.execute_script(loaded) == []
    assert sample.driver.execute_async_script(_ADD_A_PICTURE) == "img-src"
    (refused,) = sample.complaints()
    assert "Content Security Policy" in refused


def test_text_is_never_taken_for_html(report) -> None:
    attack = "</script><script>document.title = 'taken'</script><img src=x onerror=alert(1)>"
    result = reports.result(
        [
            reports.file(
                f"{attack}.py",
                [Change(1, attack, f"{attack} x", attack)],
                [Finding(1, "left", attack, attack), Finding(2, attack, attack, attack)],
                [reports.recipe(f"{attack}.py", attack, attack, attack, attack)],
            )
        ],
        [Skipped(f"link{attack}", attack)],
    )
    result.upstream = "name==1"
    report.open(result)
    for button in report.driver.find_elements(By.CSS_SELECTOR, "#rows .open, summary"):
        button.click()
    report.type("<img")
    assert report.files() == [f"link{attack}", f"{attack}.py"]
    assert report.texts(".edit .old") == [f"before: \n{attack}"]
    assert report.driver.title == "name 1 \u2013 torch2ms report"
    assert report.driver.execute_script("return document.scripts.length") == 2
    assert report.driver.find_elements(By.TAG_NAME, "img") == []


def test_characters_that_turn_the_writing_around_are_named(report) -> None:
    line = Change(1, "x = 'a\u202eb\x00'", "y", "import")
    report.open(reports.result([reports.file("a.py", [line])]), "file=a.py")
    assert report.texts(".edit .old") == ["before: \nx = 'a<U+202E>b<U+0000>'"]


def test_a_tree_without_torch_says_that_nothing_was_found(report) -> None:
    report.open(reports.result([reports.file("a.py"), reports.file("b.py")]))
    assert report.texts("#verdict") == ["2 files, 0 changed. No file needs attention."]
    assert (report.texts("#numbers dt"), report.texts("#numbers .value")) == (["found"], ["0"])
    assert report.texts("#filters select") == []
    report.click_file("a.py")
    assert report.texts(".detail") == ["The same file."]


def test_an_empty_tree_has_a_page(report) -> None:
    report.open(reports.result([]))
    assert report.count() == "0 files"


def test_launch_scripts_alone_have_no_numbers_about_references(report, tmp_path) -> None:
    result = reports.sample(tmp_path / "sample")
    result.target = "launch"
    report.open(result)
    assert "found" not in report.texts("#numbers dt")


def test_a_tree_of_2000_files_can_be_searched_and_opened(report) -> None:
    report.open(reports.large(files=2000, edits=35))
    assert report.count() == "2,000 files"
    report.type("x_1234_17 ")
    assert report.count() == "1 of 2,000 files"
    report.click_file("package_34/module_1234.py")
    assert report.texts(".edit .line") == ["17"]
    report.type("module_77.py")
    report.click_file("package_37/module_77.py")
    assert len(report.texts(".edit")) == 35
    assert report.texts(".detail h3 .soft:first-child") == ["1", "34"]


def test_a_file_of_very_many_edits_is_shown_in_portions(report) -> None:
    report.open(reports.large(files=1, edits=1000), "file=package_0/module_0.py")
    portions = "return document.querySelectorAll('.edit').length"
    assert report.driver.execute_script(portions) == 301
    report.driver.execute_script("document.querySelectorAll('.more')[1].click()")
    assert report.driver.execute_script(portions) == 601
    report.load(f"{report.page.as_uri()}#file=package_0/module_0.py&line=950")
    assert report.texts(".edit .target") == ["950"]


def test_the_page_is_dark_where_the_system_is(sample) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        sample.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        grounds.append(sample.find("body").value_of_css_property("background-color"))
    assert grounds[0] != grounds[1]
