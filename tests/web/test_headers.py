"""The security headers: the same set for both programs, one policy each."""

import pytest

from whistle.web.headers import DESK_POLICY, INTAKE_POLICY, security_headers


def test_both_programs_have_the_same_headers_but_for_the_policy() -> None:
    intake, desk = dict(security_headers(INTAKE_POLICY)), dict(security_headers(DESK_POLICY))
    assert len(intake) == len(security_headers(INTAKE_POLICY)) == 10
    assert {key for key in intake if intake[key] != desk[key]} == {"content-security-policy"}
    assert set(intake) == set(desk)


@pytest.mark.parametrize("policy", [INTAKE_POLICY, DESK_POLICY])
def test_a_policy_allows_nothing_inline_and_nobody_else(policy: str) -> None:
    assert policy.startswith("default-src 'none'; ")
    assert not [word for word in ("unsafe", "http", "*", "blob:", "nonce") if word in policy]
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy


def test_no_script_writes_into_a_page_and_those_of_the_desk_ask_nothing_and_intake_sends_no_form() -> None:
    for policy in (INTAKE_POLICY, DESK_POLICY):
        assert "script-src 'self'; " in policy
        assert policy.endswith("require-trusted-types-for 'script'; trusted-types 'none'")
    assert "connect-src" not in DESK_POLICY
    assert "form-action 'none'" in INTAKE_POLICY


def test_every_feature_is_off() -> None:
    features = dict(security_headers(INTAKE_POLICY))["permissions-policy"].split(", ")
    assert len(features) == len(set(features)) == 26
    assert all(feature.endswith("=()") for feature in features)
