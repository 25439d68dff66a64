"""What other gateways get beside the bench's own upstream, and what is skipped without an error."""

import json
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

import jwt
import pytest

from benchmarks import fixtures, openid_issuer, peer_environments, postgres
from benchmarks.processes import PROJECT


class _Stays(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follow no redirect, so that it is an error."""


def test_a_stream_of_converse_has_as_many_deltas_as_one_of_messages() -> None:
    events = 20
    deltas = fixtures.stream(events).answer.count(b"event: content_block_delta")
    converse = b"".join(fixtures.converse_chunks(events))
    assert converse.count(b"contentBlockDelta") == deltas
    text = json.loads(fixtures.json_call().answer)["content"][0]["text"]
    (block,) = json.loads(fixtures.converse_reply())["output"]["message"]["content"]
    assert block == {"text": text}


def test_peers_that_this_machine_cannot_have_are_skipped_with_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(peer_environments, "_BUILD", PROJECT / ".build/none")
    monkeypatch.setattr(postgres, "programs", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert peer_environments._portkey() is None
    assert peer_environments._claude() is None
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines if line.startswith("skipping")] == [
        "skipping Portkey",
        "skipping claude gateway",
    ]


def test_the_provider_signs_its_person_in() -> None:
    sent = {"redirect_uri": "http://127.0.0.1:1/back", "state": "s", "nonce": "n"}
    with openid_issuer.running() as issuer:
        with pytest.raises(HTTPError) as redirect:
            build_opener(_Stays).open(f"{issuer}/authorize?{urlencode(sent)}")
        redirect.value.close()
        back = urlsplit(redirect.value.headers["location"])
        assert parse_qs(back.query)["state"] == ["s"]
        with build_opener().open(f"{issuer}/token", b"grant_type=code") as response:
            token = json.load(response)["id_token"]
        key = jwt.PyJWKClient(f"{issuer}/keys").get_signing_key_from_jwt(token)
    claims = jwt.decode(token, key, ["RS256"], audience=openid_issuer.CLIENT_ID, issuer=issuer)
    assert claims["nonce"] == "n"
