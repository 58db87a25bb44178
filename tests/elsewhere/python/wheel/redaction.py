"""A credential that a provider echoes reaches no caller."""

import base64
import json
import pickle
import time
import traceback
from urllib.parse import quote

from harness import raises
from provider import ID, KEY, USER, Provider, response, says
from unified_ticketing import Ticketing, TicketingError
from unified_ticketing._redaction import Redactor, readings


def redact(secrets, text):
    return Redactor(secrets).redact(text.encode()).decode()


# The vectors of host/src/secret/tests.rs.


def test_every_form_becomes_the_mask():
    for form in (
        'ab/c+d="1',
        'ab\\/c+d=\\"1',
        "ab\\u002fc\\u002Bd\\u003D\\u00221",
        "ab%2Fc%2Bd%3D%221",
        "ab%2fc%2bd=%221",
        "%61%62%2F%63%2B%64%3D%22%31",
        'ab\\/c%2bd=\\"1',
        "ab&sol;c&plus;d&equals;&quot;1",
        "ab&#47;c&#43;d&#61;&#34;1",
        "ab&#x2F;c&#x2b;d&#x3D;&#X22;1",
        "&#97;&#x62;&#0047;c+d=&QUOT;1",
        'ab\\u002fc%2bd&equals;"1',
    ):
        assert redact(['ab/c+d="1'], f"<{form}>{form}") == "<***>***", form
        yield form


def test_partial_secret_stays():
    for text in (
        "", "secret-valu", "secret-valu%", "secret-valu\\u00", "secret-valuE", "secret-valu&", "secret-valu&#101",
        "secret-valu&#102;", "secret-valu&nosuch;", "%", "\\", "\\u0073ecret", '{"a": 1}',
    ):  # fmt: skip
        assert redact(["secret-value"], text) == text, text
        yield text


def test_longest_secret_wins():
    assert redact(["1234567", "12345678", "12345678-90"], "1234567 12345678 12345678-90") == "1234567 *** ***"


def test_json_stays_json():
    for text, clean in (
        (r'"\nabcdefgh"', '"***"'),
        (r'"\\nabcdefgh"', r'"\\***"'),
        (r'"\\\u006eabcdefgh"', r'"\\***"'),
        (r'"\\u006eabcdefgh"', '"***"'),
    ):
        assert redact(["nabcdefgh"], text) == clean, text
        json.loads(clean)
        yield text


def test_ambiguous_escapes_are_read_both_ways():
    backslashes = "a" + "\\" * 8 + "b"
    assert redact([backslashes], backslashes) == "***"
    assert redact([backslashes], backslashes.replace("\\", "\\\\")) == "***"
    assert redact(["100%25%25x"], "100%25%25x 100%2525%2525x") == "*** ***"


def test_other_scripts_are_found():
    for form in (
        "geheim-ß😀", "geheim-\\u00df\\ud83d\\ude00", "geheim-%C3%9F%f0%9f%98%80", "geheim-&szlig;&#128512;",
        "geheim-&#xdf;&#x1F600;",
    ):  # fmt: skip
        assert redact(["geheim-ß😀"], form) == "***", form
        yield form


def test_time_is_linear():
    long = "a" * 8191
    for secret, unit in ((f"{long}b", "a"), ("\\" * 40 + "b", "\\"), ("%25" * 20 + "b", "%25"), ("&amp;" * 20 + "b", "&amp;")):
        times = []
        for size in (1 << 14, 1 << 16):
            # The end of the secret at the end, so that the whole text is searched.
            text = unit * (size // len(unit)) + "-" + secret[-9:]
            start = time.process_time()
            assert redact([secret], text) == text
            times.append(time.process_time() - start)
        # Four times the text; sixteen times would be quadratic.
        assert times[1] < 10 * max(times[0], 0.005), times
        yield unit
    size = 1 << 16
    assert redact([long], "a" * size) == "***" * (size // 8191) + "a" * (size % 8191)
    yield "found"


def test_overlapping_secrets_become_one_mask():
    secrets = ["first-shared", "shared-second"]
    assert redact(secrets, "<first-shared-second>") == "<***>"
    assert redact(secrets, "first-sharedshared-second") == "******"


def test_mask_completes_no_secret():
    secrets = ["left***right", "in-between"]
    assert redact(secrets, "<leftin-betweenright>") == "<***>"
    text = "in-between"
    for _ in range(20):
        text = f"left{text}right"
    assert redact(secrets, text) == "***"


# The vectors of host/src/secret/escape.rs.


def test_every_escape_is_decoded():
    for text, meant in (
        ("+", " "), ("%2F", "/"), ("%2f", "/"), ("\\/", "/"), ("\\n", "\n"), ("\\u002F", "/"), ("\\ud83d\\ude00", "😀"),
        ("&sol;", "/"), ("&quot;", '"'), ("&#47;", "/"), ("&#0047;", "/"), ("&#x2f;", "/"), ("&#X2F;", "/"),
        ("&#x0000002F;", "/"), ("&#128512;", "😀"), ("&CounterClockwiseContourIntegral;", "∳"),
    ):  # fmt: skip
        found = list(readings(f"{text}0;".encode(), 0))[1:]
        assert found == [(meant.encode(), len(text))], (text, found)
        yield text


def test_incomplete_escape_stays():
    for text in (
        "a", "%", "%2", "%2g", "\\", "\\x", "\\u002", "\\ud83d", "\\ud83dx", "\\ud83d\\u0041", "&", "&;", "&sol", "&sol ;",
        "&nosuchname;", "&#;", "&#xg;", "&#x110000;",
    ):  # fmt: skip
        assert list(readings(text.encode(), 0))[1:] == [], text
        yield text


# Through a call.


def forms():
    """The key, and what authenticates, as a provider could echo them within a string of JSON."""
    pair = base64.b64encode(f"ops@acme.example:{KEY}".encode()).decode()
    encoded = base64.urlsafe_b64encode(KEY.encode()).decode()
    html = "".join(f"&#{ord(character)};" for character in KEY)
    return [json.dumps(KEY)[1:-1], quote(KEY, safe=""), html, pair, pair.rstrip("="), encoded, quote(pair, safe="")]


def assert_masked(shown):
    assert "***" in shown, shown
    for form in (KEY, *forms()):
        assert form not in shown and json.dumps(form)[1:-1] not in shown, (form, shown)


def test_echo_is_masked_in_errors():
    bodies = [(f'{{"error": {{"msg": "<{form}>"}}}}', form) for form in forms()]
    for body, form in (*bodies, (f"<html>{KEY}</html>", KEY)):
        with Provider(says(response(400, body.encode(), f"x-echo: {form}"))) as provider, raises(TicketingError) as caught:
            Ticketing([provider.account()]).create_user(ID, USER)
        assert_masked(str(caught[0]) + repr(caught[0]) + str(caught[0].provider) + json.dumps(caught[0].body))
        yield form


def test_echo_is_masked_in_responses():
    for form in forms():
        body = f'{{"id": 7, "name": "Tomas", "echo": "{form}"}}'.encode()
        for kind in ("unified", "raw", "debug"):
            with Provider(says(response(201, body, f"x-echo: {KEY}"))) as provider:
                assert_masked(Ticketing([provider.account()]).create_user(ID, USER, format=kind).text)
            yield f"{kind} {form}"


def test_user_name_is_no_secret():
    with Provider(says(response(201, {"id": 7, "echo": "ops@acme.example"}))) as provider:
        assert "ops@acme.example" in Ticketing([provider.account()]).create_user(ID, USER).text


def test_short_credential_is_no_secret():
    body = {"id": 7, "echo": ["seven.7", base64.b64encode(b"seven.7").decode()]}
    with Provider(says(response(201, body))) as provider:
        made = provider.account(credentials={"access_token": "seven.7"})
        assert Ticketing([made]).create_user(ID, USER).body["remote_data"]["echo"] == body["echo"]


def test_nothing_prints_credentials():
    def look_up(_id):
        raise LookupError(f"database of {KEY}")

    with Provider(says(response(400, {}))) as provider:
        lists = Ticketing([provider.account()])
    for ticketing in (lists, Ticketing(look_up)):
        assert KEY not in repr(ticketing) + str(vars(ticketing))
        with raises(Exception):
            pickle.dumps(ticketing)
        with raises(TicketingError) as caught:
            ticketing.create_user(ID, USER)
        # As tools do that report errors with the variables of every frame.
        shown = "".join(traceback.TracebackException.from_exception(caught[0], capture_locals=True).format())
        assert "create_user" in shown and KEY not in shown and repr(KEY) not in shown, shown
        assert "database" not in shown, shown
        copy = pickle.loads(pickle.dumps(caught[0]))
        assert (copy.code, copy.outcome, str(copy)) == (caught[0].code, caught[0].outcome, str(caught[0]))
        yield repr(caught[0])
