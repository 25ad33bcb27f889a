"""The second factor in a real browser: a passkey under the policy as it is served, a code without any script."""

from collections.abc import Iterator
from datetime import timedelta

import pyotp
import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.browser.test_desk_pages import AXE
from tests.browser.test_journey import declare
from tests.desk.running import ANNA, BO, CARL, PASSPHRASES, Desk, Reporter, hold_ceremony, started, today
from tests.desk.test_erasure import close
from whistle.desk.sessions import Owes
from whistle.store.desk import Act
from whistle.store.factors import PASSKEY, TOTP, Factor

STEP = timedelta(seconds=30)
PAGES = {Owes.PROOF: ("/sign-in/second",), Owes.FACTOR: ("/factors", "/factors/totp")}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Case 1 is closed. Whoever signs in must set up a second factor."""
    ceremony = hold_ceremony(tmp_path_factory.mktemp("ceremony"))
    with started(tmp_path_factory.mktemp("desk"), ceremony, 9, second_factor="required") as running:
        reporter = Reporter.new(running.card)
        running.deliver(reporter.frame(reporter.report()))
        close(running)
        yield running


def give_passphrase(page: Page, name: str) -> None:
    page.goto("/sign-in?language=en")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Passphrase").fill(PASSPHRASES[name])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Second factor", timeout=30_000)


def authenticator(page: Page) -> tuple[CDPSession, str]:
    """A security key that checks its user, in this browser."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "usb", "hasUserVerification": True, "isUserVerified": True}
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": kind})["authenticatorId"]


def press(page: Page, name: str) -> None:
    """The button of a passkey, once its script is there: a press before would be lost."""
    expect(page.get_by_role("button", name=name)).to_be_enabled()
    page.get_by_role("button", name=name).press("Enter")


def looked_at(page: Page) -> None:
    """Accessible, and readable at every width."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert found["passes"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0, width


def test_a_passkey_is_set_up_signs_in_and_lets_nobody_in_whom_it_has_not_recognised(browser: Browser, desk: Desk) -> None:
    opened = browser.new_context(base_url=f"http://localhost:{desk.port}")
    page = opened.new_page()
    session, id_ = authenticator(page)
    give_passphrase(page, ANNA)
    page.goto("/cases/1")
    expect(page.get_by_text("Set up a second factor first")).to_be_visible()
    press(page, "Set up a passkey")
    expect(page.get_by_role("status")).to_contain_text("It is set up.")
    page.get_by_role("button", name="Sign out").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    give_passphrase(page, ANNA)
    session.send("WebAuthn.setUserVerified", {"authenticatorId": id_, "isUserVerified": False})
    press(page, "Use your passkey")
    expect(page.get_by_role("alert")).to_contain_text("The browser gave no passkey", timeout=90_000)
    page.goto("/cases/1")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto("/sign-in/second")
    session.send("WebAuthn.setUserVerified", {"authenticatorId": id_, "isUserVerified": True})
    press(page, "Use your passkey")
    expect(page.get_by_role("heading", level=1)).to_have_text("Inbox")
    opened.close()


def test_a_code_app_needs_no_script_and_what_was_typed_goes_on_after_the_code(browser: Browser, desk: Desk) -> None:
    opened = browser.new_context(base_url=f"http://localhost:{desk.port}", java_script_enabled=False)
    page = opened.new_page()
    give_passphrase(page, BO)
    page.get_by_role("link", name="Set up a code app").press("Enter")
    app = pyotp.TOTP(page.locator("code").inner_text().replace(" ", ""))
    page.get_by_label("Code of your app").fill(app.at(int(desk.clock().timestamp())))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("It is set up.")
    page.get_by_role("button", name="Sign out").press("Enter")
    give_passphrase(page, BO)
    page.get_by_label("Code of your app").fill(app.at(int(desk.clock().timestamp()) + 30))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Inbox")
    page.goto("/cases/1")
    declare(page)
    page.get_by_text("Ask to erase the case early").press("Enter")
    page.get_by_label("Why it must be erased now").fill("Sendt til os ved en fejl.\nIntet hører til her.")
    session = next(each for each in desk.running.sessions._sessions.values() if each.member == BO and each.groups)
    session.proved_at -= timedelta(minutes=6)
    page.get_by_role("button", name="Ask for early erasure").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it still you?")
    desk.clock.ahead += 2 * STEP  # a code counts once, and the next one is half a minute away
    page.get_by_label("Code of your app").fill(app.at(int(desk.clock().timestamp())))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Early erasure is asked for. Another member must confirm it.")
    expect(page.get_by_text("Intet hører til her.").first).to_be_visible()
    opened.close()


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("da", "dark")])
def test_every_page_of_the_second_factor_is_accessible_and_fits(
    browser: Browser, desk: Desk, language: str, scheme: str
) -> None:
    opened = browser.new_context(base_url=f"http://localhost:{desk.port}", bypass_csp=True, color_scheme=scheme)  # type: ignore[arg-type]
    page, secure = opened.new_page(), {"secure": True, "httpOnly": True, "path": "/", "domain": "localhost"}
    if not desk.cases.factors.of(CARL):
        for kind, id_ in ((TOTP, None), (PASSKEY, b"one"), (PASSKEY, b"another")):
            factor = Factor(CARL, kind, id_, b"", 0, id_ == b"one", today())
            desk.cases.factors.add(factor, Act(desk.clock(), CARL, "added passkey"))
    for owes, paths in PAGES.items():
        token, _ = desk.running.sessions.begin(CARL, desk.role(CARL), {}, language, desk.clock(), owes)
        opened.add_cookies([{"name": "__Host-desk", "value": token, **secure}])  # type: ignore[list-item]
        for path in paths:
            page.goto(path)
            assert page.url.endswith(path)
            looked_at(page)
    opened.close()
