"""Days to look at a case again, in a real browser: on the inbox and on the case, accessible and narrow."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.test_desk_channels import look
from tests.browser.test_desk_keeping import be
from tests.desk.running import ANNA, Desk, Reporter, hold_ceremony, started
from tests.desk.test_casefile import kept
from tests.desk.test_erasure import in_days
from tests.desk.test_noted import LONG_AGO


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A Finnish case that must be looked at, with a day for everything that can have one."""
    folder, ceremony = tmp_path_factory.mktemp("desk"), hold_ceremony(tmp_path_factory.mktemp("ceremony"))
    with started(folder, ceremony, 9, preset="fi") as running:
        reporter = Reporter.new(running.card)
        running.deliver(reporter.frame(reporter.report(), day=LONG_AGO))
        running.member(ANNA)
        anna = running.signed_in(ANNA)
        for part in ("task", "risk", "telling"):
            kept(anna, part, day=in_days(2))
        yield running


@pytest.mark.parametrize("language", ["en", "da"])
@pytest.mark.parametrize("path", ["/", "/cases/1"])
def test_days_to_look_again_have_no_violation_and_fit_a_telephone(
    browser: Browser, desk: Desk, path: str, language: str
) -> None:
    context = browser.new_context(base_url=f"http://localhost:{desk.port}", bypass_csp=True)
    be(context, desk.signed_in(ANNA))
    page: Page = context.new_page()
    page.goto(f"{path}?language={language}")
    look(page)
    context.close()
